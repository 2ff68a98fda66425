// NodeCalls: what the RPCs about the fleet's nodes do. Loop thread only.
#ifndef MGMT_AGENT_NODE_CALLS_H_
#define MGMT_AGENT_NODE_CALLS_H_

#include <memory>
#include <string>

#include "grpcpp/support/status.h"
#include "io/event.h"
#include "io/task.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/places.h"
#include "mgmt/agent/sink.h"
#include "mgmt/fleet/node_watch.h"
#include "mgmt/fleet/registry.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

class NodeCalls {
 public:
  // All outlive it. `watchers`: the places for streams.
  NodeCalls(Calls* calls, Registry* registry, Places* watchers)
      : calls_(calls), registry_(registry), watchers_(watchers), versions_(registry) {}

  // Tells the watchers of changes. Runs until `stop`.
  io::Task<void> Run(io::StopToken stop);

  using Done = Calls::Done;
  Done ListNodes(Call* call, const fleet::ListNodesRequest* request,
                 fleet::ListNodesResponse* response);
  Done WatchNodes(Call* call, const fleet::WatchNodesRequest* request,
                  Sink<fleet::WatchNodesResponse>* sink);
  Done ForgetNode(Call* call, const fleet::ForgetNodeRequest* request,
                  fleet::ForgetNodeResponse* response);

 private:
  // Whether he may see the other nodes. This one is shown to everybody who may call at all.
  bool SeesOthers(const Caller& caller) const;

  Calls* const calls_;
  Registry* const registry_;
  Places* const watchers_;
  NodeVersions versions_;
  io::Event changed_;
  io::Event flush_;
  uint64_t flushes_ = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_NODE_CALLS_H_
