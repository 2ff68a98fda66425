// DrainCalls: what the RPCs about draining do, and those of the OperationService. Loop thread only.
#ifndef MGMT_AGENT_DRAIN_CALLS_H_
#define MGMT_AGENT_DRAIN_CALLS_H_

#include <functional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/once.h"
#include "mgmt/drain/drainer.h"
#include "mgmt/drain/operations.h"
#include "mosh/fleet/v1/drain.pb.h"
#include "mosh/fleet/v1/operation_service.pb.h"

namespace mosh::mgmt {

class DrainCalls {
 public:
  // All outlive it.
  struct Context {
    Calls* calls;
    Drainer* drainer;
    Operations* operations;
    // Why this agent can't drain; empty: it can.
    std::function<std::string()> unavailable;
  };
  explicit DrainCalls(Context context)
      : context_(std::move(context)), once_(context_.calls->context().reactor) {}

  using Done = Calls::Done;
  Done DrainNode(Call* call, const fleet::DrainNodeRequest* request, fleet::Operation* response);
  Done UndrainNode(Call* call, const fleet::UndrainNodeRequest* request, fleet::Node* response);
  Done GetOperation(Call* call, const fleet::GetOperationRequest* request,
                    fleet::Operation* response);
  Done ListOperations(Call* call, const fleet::ListOperationsRequest* request,
                      fleet::ListOperationsResponse* response);
  Done WaitOperation(Call* call, const fleet::WaitOperationRequest* request,
                     fleet::Operation* response);
  Done CancelOperation(Call* call, const fleet::CancelOperationRequest* request,
                       fleet::Operation* response);

  // Who waits is told that the agent stops.
  void StopWaiting() { stopping_.RequestStop(); }

 private:
  Done Drain(Call* call, const fleet::DrainNodeRequest* request, fleet::Operation* response);
  Done Undrain(Call* call, const fleet::UndrainNodeRequest* request, fleet::Node* response);
  Done Cancel(Call* call, const fleet::CancelOperationRequest* request, fleet::Operation* response);
  // May he do it, and can it be done here?
  grpc::Status Check(const Call& call, Verb verb) const;
  // And is it this node?
  grpc::Status CheckDrain(const Call& call, absl::string_view name) const;
  // NOT_FOUND; PERMISSION_DENIED if he may not do `verb` to the node.
  grpc::Status Find(Call* call, absl::string_view name, Verb verb, std::string* id) const;
  grpc::Status Answer(const std::string& id, absl::string_view name,
                      fleet::Operation* response) const;

  const Context context_;
  Once once_;
  io::StopSource stopping_;
  int waiting_ = 0;
  absl::flat_hash_map<std::string, int> waiting_of_;  // by caller
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_DRAIN_CALLS_H_
