// EtcdPolicyStore: the fleet's policies, in etcd under the registry's prefix.
//
//   policies/POLICY    a serialized mosh.fleet.v1.LimitPolicy
//
// Its etag is etcd's revision. While etcd is away the policies are as they were last, and can't be
// changed; an agent that has never reached it changes nothing of what held before.
#ifndef MGMT_LIMITS_ETCD_POLICY_STORE_H_
#define MGMT_LIMITS_ETCD_POLICY_STORE_H_

#include <functional>
#include <string>
#include <utility>

#include "io/event.h"
#include "io/reactor.h"
#include "mgmt/etcd/etcd.h"
#include "mgmt/etcd/mirror.h"
#include "mgmt/limits/policy_store.h"

namespace mosh::mgmt {

class EtcdPolicyStore final : public PolicyStore {
 public:
  // All outlive it. `prefix` is the fleet's: "/mosh-fleet/".
  EtcdPolicyStore(io::Reactor* reactor, etcd::Etcd* etcd, const std::string& prefix);

  // Follows etcd until `stop`. Once.
  io::Task<void> Run(io::StopToken stop);

  const LimitPolicies& all() const override { return all_; }
  bool known() const override { return mirror_.revision() > 0; }
  const std::string& problem() const override { return problem_; }
  io::Task<absl::StatusOr<fleet::LimitPolicy>> Put(fleet::LimitPolicy policy, std::string seen,
                                                   io::StopToken stop) override;
  io::Task<absl::Status> Delete(std::string name, std::string seen, io::StopToken stop) override;
  void SetOnChange(std::function<void()> on_change) override { on_change_ = std::move(on_change); }

 private:
  void OnMirror();
  // Commits one change, and waits until all() has it.
  io::Task<absl::StatusOr<etcd::Revision>> Commit(std::string name, etcd::Transaction transaction,
                                                  io::StopToken stop);

  io::Reactor* const reactor_;
  etcd::Etcd* const etcd_;
  const std::string prefix_;  // of the keys
  etcd::Mirror mirror_;
  LimitPolicies all_;
  std::string problem_;
  std::function<void()> on_change_;
  io::Event changed_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LIMITS_ETCD_POLICY_STORE_H_
