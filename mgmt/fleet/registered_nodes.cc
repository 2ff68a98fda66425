#include "mgmt/fleet/registered_nodes.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mosh::mgmt {

std::vector<::mosh::fleet::v1::Node> LivingNodes(const etcd::Snapshot& snapshot,
                                                 const std::string& prefix) {
  std::set<std::string> alive;
  for (const etcd::KeyValue& entry : snapshot.values) {
    absl::string_view key = entry.key;
    if (absl::ConsumeSuffix(&key, kAliveKey)) alive.insert(std::string(key));
  }
  std::vector<::mosh::fleet::v1::Node> nodes;
  for (const etcd::KeyValue& entry : snapshot.values) {
    if (!alive.contains(entry.key)) continue;
    ::mosh::fleet::v1::Node node;
    if (!node.ParseFromString(entry.value)) continue;
    node.set_name(std::string(absl::StripPrefix(entry.key, prefix)));
    nodes.push_back(std::move(node));
  }
  return nodes;
}

}  // namespace mosh::mgmt
