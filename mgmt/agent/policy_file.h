// The policy that holds now, and the file it comes from.
#ifndef MGMT_AGENT_POLICY_FILE_H_
#define MGMT_AGENT_POLICY_FILE_H_

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mgmt/agent/policy.h"

namespace mosh::mgmt {

// Blocking, of a small file. Empty path: one that grants nothing. kPermissionDenied: others than
// its owner may write it.
absl::StatusOr<Policy> ReadPolicyFile(const std::string& path, uid_t own_uid);

class PolicyHolder {
 public:
  explicit PolicyHolder(Policy policy)
      : policy_(std::make_shared<const Policy>(std::move(policy))) {}

  // Any thread.
  std::shared_ptr<const Policy> now() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return policy_;
  }
  void Replace(Policy policy) {
    auto next = std::make_shared<const Policy>(std::move(policy));
    const std::lock_guard<std::mutex> lock(mutex_);
    policy_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Policy> policy_;  // guarded by mutex_
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_POLICY_FILE_H_
