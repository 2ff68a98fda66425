// NodeState: what this agent keeps about its node beside its sessions: whether it is drained, and
// what limits hold. Puts mgmt/drain and mgmt/limits together. Loop thread only.
#ifndef MGMT_AGENT_NODE_STATE_H_
#define MGMT_AGENT_NODE_STATE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/drain_calls.h"
#include "mgmt/agent/host_calls.h"
#include "mgmt/agent/policy_calls.h"
#include "mgmt/agent/reception.h"
#include "mgmt/agent/worker.h"
#include "mgmt/drain/admission_keeper.h"
#include "mgmt/drain/drainer.h"
#include "mgmt/drain/operations.h"
#include "mgmt/etcd/etcd.h"
#include "mgmt/limits/etcd_policy_store.h"
#include "mgmt/limits/file_policy_store.h"
#include "mgmt/limits/limits_keeper.h"
#include "mgmt/model/directory.h"

namespace mosh::mgmt {

class NodeState final : private DrainWorld {
 public:
  // Files: root's agent's in /run/mosh-agent and /var/lib/mosh-agent, a user's in his runtime and
  // state directories.
  struct Places {
    std::string admission;
    std::string operations;
    std::string policies;
  };
  // All outlive it.
  struct Context {
    io::Reactor* reactor;
    Worker* worker;
    Directory* directory;
    HostCalls* hosts;
    Calls* calls;
    Labels labels;
    std::function<void(const control::Limits&)> tell_hosts;
    // Where the fleet's policies are; null: the node has its own, in a file. `prefix` is of its
    // keys.
    etcd::Etcd* etcd;
    std::string prefix;
    // An error: nothing is kept, and why, for whoever asks for it.
    absl::StatusOr<Places> places;
  };
  explicit NodeState(Context context);

  // What the agent before this one has left. Before Hosts are connected to.
  io::Task<void> Load();
  // When Hosts have told their sessions; until `stop`. `reception` keeps the notes.
  io::Task<void> Run(Reception* reception, io::StopToken stop);

  DrainCalls* drains() { return &drain_calls_; }
  PolicyCalls* policies() { return &policy_calls_; }
  // For who tells the fleet.
  Drainer* drainer() { return &drainer_; }
  // What could not be read, for stderr.
  const std::vector<std::string>& problems() const { return load_problems_; }

  // Of GetNode.
  void AddTo(bool problems, fleet::Node* node) const;

 private:
  io::Task<absl::Status> Ask(std::string session_id, control::Request request,
                             io::StopToken stop) override;
  int Unreachable() const override;
  io::Task<void> Note(std::string text) override;

  const Context context_;
  // Why nothing is kept; empty: it is.
  std::string unavailable_;
  std::vector<std::string> load_problems_;
  Reception* reception_ = nullptr;
  std::vector<std::string> notes_;  // before there was one
  AdmissionKeeper admission_;
  Operations operations_;
  Drainer drainer_;
  DrainCalls drain_calls_;
  // One of the two.
  const std::unique_ptr<FilePolicyStore> file_store_;
  const std::unique_ptr<EtcdPolicyStore> etcd_store_;
  PolicyStore* const store_;
  LimitsKeeper limits_;
  PolicyCalls policy_calls_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_NODE_STATE_H_
