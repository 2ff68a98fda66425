// A fleet whose nodes stand in a file, one a line, and never change: for a few machines that need
// no registry.
//
//   # node  where its agent listens
//   web-1   web-1.example.org:7446
//   web-2   web-2.example.org:7446
#ifndef MGMT_FLEET_STATIC_NODES_H_
#define MGMT_FLEET_STATIC_NODES_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {

// By resource name, each with name, endpoint and the state READY. `own` is "nodes/NODE", and must
// be among them. An error says which line and what is wrong.
absl::StatusOr<std::map<std::string, ::mosh::fleet::v1::Node>> ReadStaticNodes(
    const std::string& path, const std::string& own);
// Of what such a file has in it.
absl::StatusOr<std::map<std::string, ::mosh::fleet::v1::Node>> ParseStaticNodes(
    const std::string& text, const std::string& own);

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_STATIC_NODES_H_
