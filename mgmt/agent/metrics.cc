#include "mgmt/agent/metrics.h"

#include <exception>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "google/protobuf/util/time_util.h"
#include "mgmt/agent/errors.h"
#include "mgmt/agent/node_facts.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;
using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets kRpcBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};
// From a machine beside to a satellite and back.
const Buckets kRttBuckets = {0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1, 2, 5};
const Buckets kLossBuckets = {0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75};

prometheus::Gauge* AddGauge(prometheus::Registry& registry, const char* name, const char* help,
                            const prometheus::Labels& labels = {}) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}
prometheus::Counter* AddCounter(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

void Grow(prometheus::Counter* counter, double to) { counter->Increment(to - counter->Value()); }

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      rpcs_(prometheus::BuildCounter()
                .Name("mosh_agent_rpcs_total")
                .Help("Calls of the API that have ended, by method and status code.")
                .Register(*registry_)),
      durations_(prometheus::BuildHistogram()
                     .Name("mosh_agent_rpc_duration_seconds")
                     .Help("From a call's arrival to its answer; of calls that are no streams.")
                     .Register(*registry_)) {
  prometheus::Registry& registry = *registry_;
  AddGauge(registry, "mosh_agent_info", "1; the label tells the version.",
           {{"version", MOSH_FLEET_VERSION}})
      ->Set(1);
  watchers_ = AddGauge(registry, "mosh_agent_watchers", "Streams of sessions and audit entries.");
  screens_ = AddGauge(registry, "mosh_agent_screen_watchers", "Streams of screens.");
  calls_ = AddGauge(registry, "mosh_agent_calls", "Calls that are under way, streams included.");
  connections_ = AddGauge(registry, "mosh_agent_local_connections", "At the Unix socket.");
  audit_entries_ =
      AddCounter(registry, "mosh_agent_audit_entries_total", "Entries written to the audit log.");
  audit_failures_ = AddCounter(registry, "mosh_agent_audit_failures_total",
                               "Entries that could not be written to the audit log.");
  auto& sessions = prometheus::BuildGauge()
                       .Name("mosh_sessions")
                       .Help("Sessions on this node, by state.")
                       .Register(registry);
  for (int state = fleet::Session::AWAITED; state < fleet::Session::ENDED; ++state) {
    const std::string name = fleet::Session::State_Name(static_cast<fleet::Session::State>(state));
    sessions_[state] = &sessions.Add({{"state", absl::AsciiStrToLower(name)}});
  }
  registry_up_ = AddGauge(registry, "mosh_agent_registry_up",
                          "1: this node is in etcd and knows what is there, or there is no etcd.");
  auto& nodes = prometheus::BuildGauge()
                    .Name("mosh_fleet_nodes")
                    .Help("Nodes of the fleet as this one knows them, by state.")
                    .Register(registry);
  for (int state = fleet::Node::READY; state <= fleet::Node::LOST; ++state) {
    const std::string name = fleet::Node::State_Name(static_cast<fleet::Node::State>(state));
    nodes_[state] = &nodes.Add({{"state", absl::AsciiStrToLower(name)}});
  }
  held_ = AddGauge(registry, "mosh_sessions_held", "Sessions whose input is held.");
  auto& clients = prometheus::BuildGauge()
                      .Name("mosh_clients")
                      .Help("Attached clients, by whose they are.")
                      .Register(registry);
  clients_of_ours_ = &clients.Add({{"protocol", "mosh-fleet"}});
  clients_of_stock_ = &clients.Add({{"protocol", "stock"}});
  srtt_ = &prometheus::BuildHistogram()
               .Name("mosh_client_srtt_seconds")
               .Help("Smoothed round trip time of every attached client, each 15 s.")
               .Register(registry)
               .Add({}, kRttBuckets);
  auto& loss = prometheus::BuildHistogram()
                   .Name("mosh_client_loss_ratio")
                   .Help("Loss of the last seconds of every attached client, each 15 s.")
                   .Register(registry);
  loss_to_server_ = &loss.Add({{"direction", "to_server"}}, kLossBuckets);
  loss_to_client_ = &loss.Add({{"direction", "to_client"}}, kLossBuckets);
  hosts_ = AddGauge(registry, "mosh_hosts", "Processes that serve sessions.");
  unreachable_hosts_ = AddGauge(registry, "mosh_hosts_unreachable", "Of these, that don't answer.");
  recordings_ = AddGauge(registry, "mosh_recordings_running", "Recordings that are being made.");
  auto& ended = prometheus::BuildCounter()
                    .Name("mosh_recordings_ended_total")
                    .Help("Recordings that have ended, by how.")
                    .Register(registry);
  recordings_finished_ = &ended.Add({{"state", "finished"}});
  recordings_failed_ = &ended.Add({{"state", "failed"}});
  recorded_bytes_ = AddCounter(registry, "mosh_recorded_bytes_total", "Written into recordings.");
  recordings_bytes_ =
      AddGauge(registry, "mosh_recordings_bytes", "What all recordings on this node take.");
  auto& peers = prometheus::BuildGauge()
                    .Name("mosh_fleet_peers")
                    .Help("Other nodes whose sessions somebody wants here, by how they answer.")
                    .Register(registry);
  peers_connecting_ = &peers.Add({{"state", "connecting"}});
  peers_synced_ = &peers.Add({{"state", "synced"}});
  peers_unreachable_ = &peers.Add({{"state", "unreachable"}});
  fleet_sessions_ =
      AddGauge(registry, "mosh_fleet_sessions",
               "Sessions of all nodes that are known here while somebody wants them.");
  fleet_events_ = AddCounter(registry, "mosh_fleet_events_total", "What nodes have told.");
  fleet_refused_ = AddCounter(registry, "mosh_fleet_events_refused_total",
                              "Of this, what was wrong or too much.");
  cpu_seconds_ =
      AddCounter(registry, "process_cpu_seconds_total", "Processor time of the agent itself.");
  memory_ = AddGauge(registry, "process_resident_memory_bytes", "Memory of the agent itself.");
}

absl::Status Metrics::Listen(const std::string& address) {
  // The library tells failure by an exception.
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(address, 2);
    exposer_->RegisterCollectable(registry_);
  } catch (const std::exception& error) {
    return absl::UnavailableError(
        absl::StrCat("can't serve metrics at ", address, ": ", error.what()));
  }
  return absl::OkStatus();
}

void Metrics::CountCall(absl::string_view method, grpc::StatusCode code,
                        std::optional<std::chrono::nanoseconds> duration) {
  const std::string name(method);
  rpcs_.Add({{"method", name}, {"code", std::string(CodeName(code))}}).Increment();
  if (duration) {
    durations_.Add({{"method", name}}, kRpcBuckets)
        .Observe(std::chrono::duration<double>(*duration).count());
  }
}

void Metrics::SetStreams(int watchers, int screens) {
  watchers_->Set(watchers);
  screens_->Set(screens);
}

void Metrics::Sample(const Directory& directory, int hosts, int unreachable_hosts) {
  std::map<int, int> by_state;
  int held = 0, ours = 0, stock = 0;
  for (const auto& [id, record] : directory.records()) {
    const fleet::Session& session = *record->session;
    ++by_state[session.state()];
    held += session.held() ? 1 : 0;
    for (const fleet::Client& client : session.clients()) {
      ++(client.protocol() == "stock" ? stock : ours);
      if (client.has_srtt()) {
        srtt_->Observe(static_cast<double>(TimeUtil::DurationToMicroseconds(client.srtt())) * 1e-6);
      }
      loss_to_server_->Observe(client.loss_to_server());
      if (client.has_loss_to_client()) loss_to_client_->Observe(client.loss_to_client());
    }
  }
  for (const auto& [state, gauge] : sessions_) gauge->Set(by_state[state]);
  held_->Set(held);
  clients_of_ours_->Set(ours);
  clients_of_stock_->Set(stock);
  hosts_->Set(hosts);
  unreachable_hosts_->Set(unreachable_hosts);
  const OwnUse own = UseOfThisProcess();
  const double more = std::chrono::duration<double>(own.cpu_time).count() - cpu_seconds_->Value();
  if (more > 0) cpu_seconds_->Increment(more);
  memory_->Set(static_cast<double>(own.memory_bytes));
}

void Metrics::SampleFleet(const FleetSessions::Numbers& now) {
  peers_connecting_->Set(now.connecting);
  peers_synced_->Set(now.synced);
  peers_unreachable_->Set(now.unreachable);
  fleet_sessions_->Set(static_cast<double>(now.sessions));
  Grow(fleet_events_, static_cast<double>(now.events));
  Grow(fleet_refused_, static_cast<double>(now.refused));
}

void Metrics::SampleRecordings(const RecordingNumbers& now) {
  recordings_->Set(now.running);
  Grow(recordings_finished_, static_cast<double>(now.finished));
  Grow(recordings_failed_, static_cast<double>(now.failed));
  Grow(recorded_bytes_, static_cast<double>(now.written_bytes));
  recordings_bytes_->Set(static_cast<double>(now.directory_bytes));
}

void Metrics::SampleNodes(bool registry_up, const std::map<std::string, fleet::Node>& nodes) {
  std::map<int, int> by_state;
  for (const auto& [name, node] : nodes) ++by_state[node.state()];
  for (const auto& [state, gauge] : nodes_) gauge->Set(by_state[state]);
  registry_up_->Set(registry_up ? 1 : 0);
}

}  // namespace mosh::mgmt
