#include "mgmt/limits/etcd_policy_store.h"

#include <chrono>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "io/attributes.h"
#include "io/timer.h"

namespace mosh::mgmt {
namespace {

constexpr char kCollection[] = "policies/";
// What was changed is seen again so soon, or the answer doesn't wait for it.
constexpr std::chrono::seconds kEchoPatience{2};

// 0: it is none of ours, so nothing has it.
etcd::Revision RevisionOf(const std::string& etag) {
  etcd::Revision revision = 0;
  return absl::SimpleAtoi(etag, &revision) && revision > 0 ? revision : 0;
}

absl::Status Changed(const std::string& name) {
  return absl::AbortedError(absl::StrCat(name, " has changed since"));
}

}  // namespace

EtcdPolicyStore::EtcdPolicyStore(io::Reactor* reactor, etcd::Etcd* etcd, const std::string& prefix)
    : reactor_(reactor),
      etcd_(etcd),
      prefix_(absl::StrCat(prefix, kCollection)),
      mirror_(reactor, etcd, prefix_, [this] { OnMirror(); }) {
  OnMirror();
}

MOSH_CORO_WRAPPER io::Task<void> EtcdPolicyStore::Run(io::StopToken stop) {
  return mirror_.Run(stop);
}

void EtcdPolicyStore::OnMirror() {
  all_.clear();
  std::string bad;
  for (const auto& [id, value] : mirror_.values()) {
    const std::string name = absl::StrCat(kCollection, id);
    fleet::LimitPolicy policy;
    if (!IsPolicyName(name) || !policy.ParseFromString(value.value) || ProblemIn(policy)) {
      bad = absl::StrCat(name, " in etcd is not understood, and doesn't hold");
      continue;
    }
    policy.set_name(name);
    policy.set_etag(absl::StrCat(value.revision));
    all_[name] = std::move(policy);
  }
  problem_ = mirror_.status().ok() ? bad
                                   : absl::StrCat("policies may be old: ",
                                                  absl::string_view(mirror_.status().message()));
  changed_.Set();
  changed_.Reset();
  if (on_change_ != nullptr) on_change_();
}

io::Task<absl::StatusOr<etcd::Revision>> EtcdPolicyStore::Commit(std::string name,
                                                                 etcd::Transaction transaction,
                                                                 io::StopToken stop) {
  const absl::StatusOr<etcd::Outcome> outcome =
      co_await etcd_->Commit(std::move(transaction), stop);
  if (!outcome.ok()) co_return outcome.status();
  if (!outcome->done) co_return Changed(name);
  io::Deadline limit(reactor_, reactor_->Now() + kEchoPatience, stop);
  while (mirror_.revision() < outcome->revision && !limit.token().stop_requested()) {
    (void)co_await changed_.Wait(limit.token());
  }
  co_return outcome->revision;
}

io::Task<absl::StatusOr<fleet::LimitPolicy>> EtcdPolicyStore::Put(fleet::LimitPolicy policy,
                                                                  std::string seen,
                                                                  io::StopToken stop) {
  const std::string name = policy.name();
  if (!seen.empty() && RevisionOf(seen) == 0) co_return Changed(name);
  policy.clear_etag();
  etcd::Transaction put = etcd::PutIf(absl::StrCat(prefix_, name.substr(sizeof kCollection - 1)),
                                      policy.SerializeAsString(), RevisionOf(seen));
  const absl::StatusOr<etcd::Revision> revision = co_await Commit(name, std::move(put), stop);
  if (!revision.ok()) co_return revision.status();
  policy.set_etag(absl::StrCat(*revision));
  co_return policy;
}

io::Task<absl::Status> EtcdPolicyStore::Delete(std::string name, std::string seen,
                                               io::StopToken stop) {
  if (RevisionOf(seen) == 0) co_return Changed(name);
  etcd::Transaction gone =
      etcd::DeleteIf(absl::StrCat(prefix_, name.substr(sizeof kCollection - 1)), RevisionOf(seen));
  const absl::StatusOr<etcd::Revision> revision = co_await Commit(name, std::move(gone), stop);
  co_return revision.status();
}

}  // namespace mosh::mgmt
