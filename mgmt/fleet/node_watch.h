// NodeVersions and NodeWatch: what there is to tell those who watch the fleet's nodes. Without I/O.
//
//   NodeVersions versions(&nodes);          // one for all watchers; Update() after changes
//   NodeWatch watch(&versions, filter);     // one for each
//   fleet::WatchNodesResponse response = watch.Next(200);
#ifndef MGMT_FLEET_NODE_WATCH_H_
#define MGMT_FLEET_NODE_WATCH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "mgmt/fleet/fleet_nodes.h"
#include "mgmt/model/filter.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

// Tells nodes from what they were before, once for all who watch.
class NodeVersions {
 public:
  // `nodes` outlives it.
  explicit NodeVersions(const FleetNodes* nodes) : nodes_(nodes) { Update(); }

  void Update();
  // By name: another one whenever the node is another.
  const std::map<std::string, uint64_t>& versions() const { return versions_; }
  const FleetNodes& nodes() const { return *nodes_; }

 private:
  const FleetNodes* const nodes_;
  std::map<std::string, uint64_t> versions_;
  std::map<std::string, std::string> texts_;
  uint64_t last_ = 0;
};

// What one watcher has been told. Each node is ADDED before anything else is told of it, and
// DELETED at most once after that; SYNCED comes once, after the first snapshot.
class NodeWatch {
 public:
  using Visible = std::function<bool(const std::string& name)>;

  // `versions` outlives it. `visible` may change its mind.
  NodeWatch(const NodeVersions* versions, Filter filter, Visible visible)
      : versions_(versions), filter_(std::move(filter)), visible_(std::move(visible)) {}

  // What is to be told now, at most so many events, and this problem. `more`: there is more at
  // once.
  ::mosh::fleet::v1::WatchNodesResponse Next(int max_events, const std::string& problem,
                                             bool* more);
  // Whether the last Next() gave anything new.
  bool told_something() const { return told_something_; }

 private:
  const NodeVersions* const versions_;
  const Filter filter_;
  const Visible visible_;
  std::map<std::string, uint64_t> told_;
  bool synced_ = false;
  std::string problem_;
  bool told_something_ = false;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_NODE_WATCH_H_
