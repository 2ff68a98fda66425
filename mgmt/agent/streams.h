// Streams: what each streaming RPC does, as Calls does the unary ones. A stream goes on until its
// caller is gone, the agent stops, or there is no more; its end is its status. Loop thread only.
#ifndef MGMT_AGENT_STREAMS_H_
#define MGMT_AGENT_STREAMS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"
#include "io/event.h"
#include "io/task.h"
#include "mgmt/agent/audit.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/limits.h"
#include "mgmt/agent/metrics.h"
#include "mgmt/agent/places.h"
#include "mgmt/agent/sink.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

class Streams {
 public:
  // All outlive it; `metrics` may be null.
  Streams(Calls* calls, Audit* audit, Metrics* metrics, Limits limits)
      : calls_(calls), audit_(audit), metrics_(metrics), limits_(limits) {}

  // Of all that are no screens.
  Places* watchers() { return &watchers_; }

  // Tells the watchers of changes, at most every 50 ms. Runs until `stop`.
  io::Task<void> Run(io::StopToken stop);

  // Ends the watches of sessions, so that they begin anew by what may be seen now.
  void OnNewPolicy() { changed_.Set(); }

  using Done = io::Task<grpc::Status>;
  // A message is a serialized WatchSessionsResponse.
  Done WatchSessions(Call* call, const fleet::WatchSessionsRequest* request,
                     Sink<std::string>* sink);
  Done StreamScreen(Call* call, const fleet::StreamScreenRequest* request,
                    Sink<fleet::ScreenFrame>* sink);
  Done TailAudit(Call* call, const fleet::TailAuditRequest* request, Sink<fleet::AuditEntry>* sink);

 private:
  // Counts those who watch something; the first one in and the last one out are told.
  class Interest;

  void CountStreams();
  // Why a stream that was told to stop ends.
  grpc::Status Stopped(const Call& call, absl::string_view resource_version) const;

  Calls* const calls_;
  Audit* const audit_;
  Metrics* const metrics_;
  const Limits limits_;
  Places watchers_{limits_.max_watchers, limits_.max_watchers_of_a_caller,
                   [this] { CountStreams(); }};
  Places screens_{limits_.max_screens, limits_.max_screens_of_a_caller, [this] { CountStreams(); }};
  int fresh_watchers_ = 0;
  io::Event changed_;
  io::Event flush_;
  uint64_t flushes_ = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_STREAMS_H_
