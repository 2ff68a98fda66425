// SimulatedNodes: the agents of many nodes in one process, as far as another agent's watch sees
// them: a port each, mutual TLS, sessions that change.
#ifndef MGMT_FLEET_BENCH_SIMULATED_NODES_H_
#define MGMT_FLEET_BENCH_SIMULATED_NODES_H_

#include <memory>
#include <string>
#include <vector>

namespace mosh::mgmt {

class SimulatedNodes {
 public:
  struct Options {
    int nodes;
    int sessions_each;
    std::string certificate;  // PEM, of all of them
    std::string key;
    std::string authority;
  };
  // Null: it can't listen.
  static std::unique_ptr<SimulatedNodes> Start(const Options& options);
  virtual ~SimulatedNodes() = default;

  // "sim-17 127.0.0.1:40123", one a node.
  virtual std::vector<std::string> lines() const = 0;
  // So many changes a second, of all nodes together, each of another session of the next node; its
  // title is the time in microseconds (CLOCK_MONOTONIC). 0: none.
  virtual void SetChanges(int per_second) = 0;
  // Watches that are open.
  virtual int watched() const = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_BENCH_SIMULATED_NODES_H_
