// The agent's numbers for Prometheus. No label tells of a user or a session. Any thread.
#ifndef MGMT_AGENT_METRICS_H_
#define MGMT_AGENT_METRICS_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"
#include "mgmt/fleet/fleet_sessions.h"
#include "mgmt/model/directory.h"
#include "mosh/fleet/v1/node.pb.h"
#include "prometheus/counter.h"
#include "prometheus/exposer.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace mosh::mgmt {

class Metrics {
 public:
  Metrics();

  // Serves them at http://ADDRESS:PORT/metrics, by threads of its own, to everybody who can
  // connect.
  absl::Status Listen(const std::string& address);

  // Of a stream the duration says little, and isn't counted: nothing.
  void CountCall(absl::string_view method, grpc::StatusCode code,
                 std::optional<std::chrono::nanoseconds> duration);
  void SetStreams(int watchers, int screens);
  void SetCalls(int under_way) { calls_->Set(under_way); }
  void CountAudit(bool ok) { (ok ? audit_entries_ : audit_failures_)->Increment(); }
  void SetConnections(int count) { connections_->Set(count); }
  // What there is now. Every client adds one observation to the distributions of round trip time
  // and loss.
  void Sample(const Directory& directory, int hosts, int unreachable_hosts);

  // All but the first and the last only grow.
  struct RecordingNumbers {
    int running = 0;
    int64_t finished = 0;
    int64_t failed = 0;
    int64_t written_bytes = 0;
    int64_t directory_bytes = 0;
  };
  void SampleRecordings(const RecordingNumbers& now);

  // The fleet's nodes as they are known here.
  void SampleNodes(bool registry_up, const std::map<std::string, fleet::Node>& nodes);
  void SampleFleet(const FleetSessions::Numbers& now);

  prometheus::Registry& registry() { return *registry_; }

 private:
  const std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& rpcs_;
  prometheus::Family<prometheus::Histogram>& durations_;
  prometheus::Gauge* watchers_;
  prometheus::Gauge* screens_;
  prometheus::Gauge* calls_;
  prometheus::Gauge* connections_;
  prometheus::Counter* audit_entries_;
  prometheus::Counter* audit_failures_;
  std::map<int, prometheus::Gauge*> sessions_;  // by state
  prometheus::Gauge* registry_up_;
  std::map<int, prometheus::Gauge*> nodes_;  // by state
  prometheus::Gauge* held_;
  prometheus::Gauge* clients_of_ours_;
  prometheus::Gauge* clients_of_stock_;
  prometheus::Histogram* srtt_;
  prometheus::Histogram* loss_to_server_;
  prometheus::Histogram* loss_to_client_;
  prometheus::Gauge* hosts_;
  prometheus::Gauge* unreachable_hosts_;
  prometheus::Gauge* recordings_;
  prometheus::Counter* recordings_finished_;
  prometheus::Counter* recordings_failed_;
  prometheus::Counter* recorded_bytes_;
  prometheus::Gauge* recordings_bytes_;
  prometheus::Gauge* peers_connecting_;
  prometheus::Gauge* peers_synced_;
  prometheus::Gauge* peers_unreachable_;
  prometheus::Gauge* fleet_sessions_;
  prometheus::Counter* fleet_events_;
  prometheus::Counter* fleet_refused_;
  prometheus::Counter* cpu_seconds_;
  prometheus::Gauge* memory_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_METRICS_H_
