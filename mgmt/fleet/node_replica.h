// NodeReplica: one node's sessions in a Directory of several nodes', kept by what the node's watch
// tells. A node is believed about its own sessions and nothing else, and only so many of them of
// such a size. Pure; loop thread only.
#ifndef MGMT_FLEET_NODE_REPLICA_H_
#define MGMT_FLEET_NODE_REPLICA_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "mgmt/model/directory.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

class NodeReplica {
 public:
  // `node` is "nodes/NODE". The directory outlives it, and may have sessions of the node's already:
  // they stay until the node says what it has.
  NodeReplica(Directory* directory, std::string node, size_t max_sessions);

  // A stream begins; it goes on from version(), or with a snapshot if that is empty.
  void Begin();
  // What it tells.
  void Apply(fleet::WatchSessionsResponse* response);
  // Nothing is known of the node any more.
  void Forget();
  // The stream can't go on from version(): the next one begins with a snapshot. What is known stays
  // until then.
  void ForgetVersion() { version_.clear(); }

  // Where a stream goes on; empty: at the beginning.
  const std::string& version() const { return version_; }
  // All that the node has told is here, as of when it told.
  bool synced() const { return synced_; }
  // There was no room for some of its sessions.
  bool overfull() const { return overfull_; }
  // How many of its sessions are here.
  size_t count() const { return count_; }
  // Its Hosts that don't answer, as it says; sorted.
  const std::vector<std::string>& unreachable() const { return unreachable_; }
  // What has been refused since Begin, in words; empty: nothing.
  const std::string& complaint() const { return complaint_; }
  // Since ever.
  uint64_t applied() const { return applied_; }
  uint64_t refused() const { return refused_; }

 private:
  void Take(fleet::Session* session);
  void Refuse(absl::string_view why);
  void TakeUnreachable(const fleet::Unreachable& told);

  Directory* const directory_;
  const std::string node_;
  const size_t max_sessions_;
  std::string version_;
  bool snapshot_ = true;                   // its events are coming
  absl::flat_hash_set<std::string> seen_;  // in it
  bool synced_ = false;
  bool overfull_ = false;
  size_t count_ = 0;
  std::vector<std::string> unreachable_;
  std::string complaint_;
  uint64_t applied_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_NODE_REPLICA_H_
