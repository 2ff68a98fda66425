#include "mgmt/limits/file_policy_store.h"

#include <functional>
#include <optional>

#include "absl/strings/str_cat.h"
#include "mgmt/model/fingerprint.h"
#include "mosh/fleet/v1/policy_service.pb.h"

namespace mosh::mgmt {

io::Task<absl::Status> FilePolicyStore::Load() {
  struct Loaded {
    absl::Status status;
    fleet::ListPoliciesResponse list;
  };
  std::function<Loaded()> job = [this] {
    Loaded result;
    const absl::Status locked = file_.Lock();
    result.status = file_.Read(&result.list);
    result.status.Update(locked);
    return result;
  };
  Loaded loaded;
  if (worker_ == nullptr) {
    loaded = job();
  } else {
    loaded = co_await worker_->Run<Loaded>(std::move(job));
  }
  all_.clear();
  for (const fleet::LimitPolicy& policy : loaded.list.policies()) {
    const std::optional<FieldProblem> problem = ProblemIn(policy);
    if (!IsPolicyName(policy.name()) || problem) {
      loaded.status.Update(absl::DataLossError(
          absl::StrCat(file_.path(), ": ", policy.name(), ": ",
                       problem ? absl::StrCat(problem->field, " ", problem->description)
                               : "is no policy's name")));
      continue;
    }
    all_[policy.name()] = policy;
  }
  problem_ = std::string(loaded.status.message());
  if (on_change_ != nullptr) on_change_();
  co_return loaded.status;
}

absl::Status FilePolicyStore::Check(const std::string& name, const std::string& seen) const {
  if (!problem_.empty()) return absl::FailedPreconditionError(problem_);
  const auto now = all_.find(name);
  const std::string etag = now != all_.end() ? now->second.etag() : "";
  if (etag != seen) return absl::AbortedError(absl::StrCat(name, " has changed since"));
  return absl::OkStatus();
}

io::Task<absl::Status> FilePolicyStore::Turn(io::StopToken stop) {
  while (writing_) {
    const absl::Status waited = co_await written_.Wait(stop);
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

io::Task<absl::Status> FilePolicyStore::Keep(LimitPolicies policies) {
  writing_ = true;
  written_.Reset();
  fleet::ListPoliciesResponse list;
  for (const auto& [name, policy] : policies) *list.add_policies() = policy;
  std::function<absl::Status()> job = [this, list] { return file_.Write(list); };
  absl::Status written;
  if (worker_ == nullptr) {
    written = job();
  } else {
    written = co_await worker_->Run<absl::Status>(std::move(job));
  }
  writing_ = false;
  written_.Set();
  if (!written.ok()) co_return absl::UnavailableError(written.message());
  all_ = std::move(policies);
  if (on_change_ != nullptr) on_change_();
  co_return absl::OkStatus();
}

io::Task<absl::StatusOr<fleet::LimitPolicy>> FilePolicyStore::Put(fleet::LimitPolicy policy,
                                                                  std::string seen,
                                                                  io::StopToken stop) {
  const absl::Status turn = co_await Turn(stop);
  if (!turn.ok()) co_return turn;
  const absl::Status checked = Check(policy.name(), seen);
  if (!checked.ok()) co_return checked;
  policy.set_etag(seen);
  policy.set_etag(absl::StrCat(absl::Hex(Fingerprint(policy.SerializeAsString()))));
  LimitPolicies changed = all_;
  changed[policy.name()] = policy;
  const absl::Status kept = co_await Keep(std::move(changed));
  if (!kept.ok()) co_return kept;
  co_return policy;
}

io::Task<absl::Status> FilePolicyStore::Delete(std::string name, std::string seen,
                                               io::StopToken stop) {
  const absl::Status turn = co_await Turn(stop);
  if (!turn.ok()) co_return turn;
  const absl::Status checked = Check(name, seen);
  if (!checked.ok()) co_return checked;
  LimitPolicies changed = all_;
  changed.erase(name);
  const absl::Status kept = co_await Keep(std::move(changed));
  co_return kept;
}

}  // namespace mosh::mgmt
