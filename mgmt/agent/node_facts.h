// What is known of the machine and the agent itself.
#ifndef MGMT_AGENT_NODE_FACTS_H_
#define MGMT_AGENT_NODE_FACTS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

// Of this process.
struct OwnUse {
  std::chrono::microseconds cpu_time{0};
  uint64_t memory_bytes = 0;  // resident
};
OwnUse UseOfThisProcess();

// What may be asked for in the loop: a few small files of /proc, which never wait.
class NodeFacts {
 public:
  // When the agent started; reads what doesn't change. `node` is "nodes/NODE".
  explicit NodeFacts(const std::string& node);

  // What doesn't change, and others may know without asking: who and what this node is.
  fleet::Node Identity() const;
  // Everything but the sessions, the Hosts and the problems.
  void AddTo(fleet::Node* node) const;

 private:
  fleet::Node fixed_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_NODE_FACTS_H_
