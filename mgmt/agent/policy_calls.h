// PolicyCalls: what each RPC of the PolicyService does. Loop thread only.
#ifndef MGMT_AGENT_POLICY_CALLS_H_
#define MGMT_AGENT_POLICY_CALLS_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "grpcpp/support/status.h"
#include "io/task.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/once.h"
#include "mgmt/limits/policy_store.h"
#include "mosh/fleet/v1/policy_service.pb.h"

namespace mosh::mgmt {

class PolicyCalls {
 public:
  // All outlive it.
  struct Context {
    Calls* calls;
    PolicyStore* store;
    // Why this agent has none; empty: it has.
    std::function<std::string()> unavailable;
    std::function<absl::Time()> wall_clock;
  };
  explicit PolicyCalls(Context context)
      : context_(std::move(context)), once_(context_.calls->context().reactor) {}

  using Done = Calls::Done;
  Done GetPolicy(Call* call, const fleet::GetPolicyRequest* request, fleet::LimitPolicy* response);
  Done ListPolicies(Call* call, const fleet::ListPoliciesRequest* request,
                    fleet::ListPoliciesResponse* response);
  Done UpdatePolicy(Call* call, const fleet::UpdatePolicyRequest* request,
                    fleet::LimitPolicy* response);
  Done DeletePolicy(Call* call, const fleet::DeletePolicyRequest* request,
                    fleet::DeletePolicyResponse* response);

 private:
  Done Update(Call* call, const fleet::UpdatePolicyRequest* request, fleet::LimitPolicy* response);
  Done Delete(Call* call, const fleet::DeletePolicyRequest* request,
              fleet::DeletePolicyResponse* response);
  // May he do it, and can it be done here?
  grpc::Status Check(const Call& call, Verb verb) const;
  // And is it a policy's name?
  grpc::Status Check(const Call& call, const std::string& name, Verb verb) const;
  // ABORTED if it is not what he thinks it is; always OK without an etag.
  static grpc::Status CheckEtag(const std::string& asked, const fleet::LimitPolicy& policy);

  const Context context_;
  Once once_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_POLICY_CALLS_H_
