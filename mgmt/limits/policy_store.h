// PolicyStore: where limit policies are kept. FilePolicyStore keeps them on this node,
// EtcdPolicyStore for the whole fleet. Loop thread only.
#ifndef MGMT_LIMITS_POLICY_STORE_H_
#define MGMT_LIMITS_POLICY_STORE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/limits/limit_policy.h"

namespace mosh::mgmt {

class PolicyStore {
 public:
  virtual ~PolicyStore() = default;

  // Each with its etag, which is another one after each change.
  virtual const LimitPolicies& all() const = 0;
  // All() has been read, and all of it was understood. While not, what held before is to hold.
  virtual bool known() const = 0;
  // Empty: all() is as it is kept, and it can be changed. Else why not, in words for people.
  virtual const std::string& problem() const = 0;

  // Kept when OK, and in all(); the answer has its etag. `seen` is the etag by which the change was
  // decided; empty: there was none. kAborted: it is not as it was seen; kFailedPrecondition:
  // nothing can be kept here; kUnavailable and others: it could not be kept.
  virtual io::Task<absl::StatusOr<fleet::LimitPolicy>> Put(fleet::LimitPolicy policy,
                                                           std::string seen,
                                                           io::StopToken stop) = 0;
  // The same.
  virtual io::Task<absl::Status> Delete(std::string name, std::string seen, io::StopToken stop) = 0;

  // Called after every change of all() or problem(). Must not wait. One.
  virtual void SetOnChange(std::function<void()> on_change) = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LIMITS_POLICY_STORE_H_
