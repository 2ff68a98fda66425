// FleetNodes: which nodes the fleet has, as far as this agent knows. The registry keeps it (in etcd);
// what answers for the whole fleet reads it. Loop thread only.
#ifndef MGMT_FLEET_FLEET_NODES_H_
#define MGMT_FLEET_FLEET_NODES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {

class FleetNodes {
 public:
  virtual ~FleetNodes() = default;

  // By resource name, "nodes/NODE"; this agent's own is among them. Of each what the registry has:
  // name, hostname, os, agent_version, agent_start_time, boot_time, state, state_time, labels, endpoint. While the
  // registry is away: what it was last.
  virtual const std::map<std::string, ::mosh::fleet::v1::Node>& nodes() const = 0;
  // Empty: what nodes() has is as the registry has it. Else why it may be old, in words for people.
  virtual const std::string& problem() const = 0;

  // Called after every change of the two above. `on_change` may read and must not wait.
  // Returns what ends that when it is destroyed.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  [[nodiscard]] virtual std::unique_ptr<Subscription> Subscribe(std::function<void()> on_change) = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_FLEET_NODES_H_
