// FilePolicyStore: this node's own policies, in a file.
#ifndef MGMT_LIMITS_FILE_POLICY_STORE_H_
#define MGMT_LIMITS_FILE_POLICY_STORE_H_

#include <functional>
#include <string>
#include <utility>

#include "io/event.h"
#include "mgmt/agent/worker.h"
#include "mgmt/files/message_file.h"
#include "mgmt/limits/policy_store.h"

namespace mosh::mgmt {

class FilePolicyStore final : public PolicyStore {
 public:
  // `worker`, which outlives it, may be null: the file is then read and written in the loop.
  FilePolicyStore(std::string path, Worker* worker) : file_(std::move(path)), worker_(worker) {}

  // Reads the file. What it says is in problem() too: kFailedPrecondition: another agent that runs
  // has it, and nothing can be changed here; kDataLoss: it is not understood, and nothing can be
  // changed before somebody has corrected or removed it.
  io::Task<absl::Status> Load();

  const LimitPolicies& all() const override { return all_; }
  bool known() const override { return problem_.empty(); }
  const std::string& problem() const override { return problem_; }
  io::Task<absl::StatusOr<fleet::LimitPolicy>> Put(fleet::LimitPolicy policy, std::string seen,
                                                   io::StopToken stop) override;
  io::Task<absl::Status> Delete(std::string name, std::string seen, io::StopToken stop) override;
  void SetOnChange(std::function<void()> on_change) override { on_change_ = std::move(on_change); }

 private:
  absl::Status Check(const std::string& name, const std::string& seen) const;
  // Nobody else writes: two at a time would each lose the other's change.
  io::Task<absl::Status> Turn(io::StopToken stop);
  io::Task<absl::Status> Keep(LimitPolicies policies);

  MessageFile file_;  // the worker's, while a job is under way
  Worker* const worker_;
  LimitPolicies all_;
  std::string problem_ = "the policies have not been read yet";
  bool writing_ = false;
  io::Event written_;
  std::function<void()> on_change_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LIMITS_FILE_POLICY_STORE_H_
