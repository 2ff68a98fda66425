// How nodes stand in etcd (mgmt/fleet/registry.h). Pure.
#ifndef MGMT_FLEET_REGISTERED_NODES_H_
#define MGMT_FLEET_REGISTERED_NODES_H_

#include <string>
#include <vector>

#include "mgmt/etcd/etcd.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {

// Behind the prefix: "nodes/NODE" and "nodes/NODE/alive".
inline constexpr char kNodesKey[] = "nodes/";
inline constexpr char kAliveKey[] = "/alive";
// Of all that belongs to one fleet, unless its agents are told another.
inline constexpr char kDefaultPrefix[] = "/mosh-fleet/";

// Those in `snapshot`, of PREFIX + kNodesKey, whose agents live, in the order of their names. What
// is no node is left out.
std::vector<::mosh::fleet::v1::Node> LivingNodes(const etcd::Snapshot& snapshot,
                                                 const std::string& prefix);

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_REGISTERED_NODES_H_
