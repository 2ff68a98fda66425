#include "mgmt/drain/operations.h"

#include <stdio.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace mosh::mgmt {
namespace {

template <class T>
io::Task<T> RunBy(Worker* worker, std::function<T()> job) {
  if (worker == nullptr) co_return job();
  T result = co_await worker->Run<T>(std::move(job));
  co_return result;
}

}  // namespace

std::string Operations::NewId(absl::Time now) {
  const absl::Time second = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
  return absl::StrFormat("%s-%06d", absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone()),
                         absl::ToInt64Microseconds(now - second));
}

std::string Operations::NameOf(absl::string_view id) const {
  return absl::StrCat(context_.node, "/operations/", id);
}

const fleet::Operation* Operations::Find(absl::string_view id) const {
  const auto found = all_.find(id);
  return found != all_.end() ? &found->second : nullptr;
}

const fleet::Operation* Operations::FindByName(absl::string_view name) const {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 4 || parts[0] != "nodes" || parts[2] != "operations") return nullptr;
  if (parts[1] != "-" && absl::StrCat("nodes/", parts[1]) != context_.node) return nullptr;
  return Find(parts[3]);
}

io::Task<absl::Status> Operations::Load() {
  struct Loaded {
    absl::Status status;
    fleet::ListOperationsResponse list;
  };
  std::function<Loaded()> job = [this] {
    Loaded result;
    result.status = file_.Lock();
    if (!result.status.ok()) return result;
    result.status = file_.Read(&result.list);
    if (result.status.code() == absl::StatusCode::kDataLoss) {
      rename(file_.path().c_str(), absl::StrCat(file_.path(), ".bad").c_str());
    }
    return result;
  };
  const Loaded loaded = co_await RunBy<Loaded>(context_.worker, std::move(job));
  for (const fleet::Operation& operation : loaded.list.operations()) {
    const std::string id = operation.name().substr(operation.name().rfind('/') + 1);
    fleet::Operation& added = all_[id];
    added = operation;
    added.set_name(NameOf(id));
    if (added.done()) done_at_[id] = context_.wall_clock();
  }
  ForgetOld();
  co_return loaded.status;
}

void Operations::ForgetOld() {
  const absl::Time oldest = context_.wall_clock() - kKept;
  for (auto it = done_at_.begin(); it != done_at_.end();) {
    if (it->second >= oldest && done_at_.size() <= kMaxDone) {
      ++it;
      continue;
    }
    all_.erase(it->first);
    it = done_at_.erase(it);
  }
}

io::Task<absl::Status> Operations::Write() {
  fleet::ListOperationsResponse list;
  for (const auto& [id, operation] : all_) *list.add_operations() = operation;
  std::function<absl::Status()> job = [this, list] {
    if (!file_.locked()) {
      return absl::FailedPreconditionError(absl::StrCat(file_.path(), " is another process's"));
    }
    return file_.Write(list);
  };
  const absl::Status written = co_await RunBy<absl::Status>(context_.worker, std::move(job));
  co_return written;
}

io::Task<absl::Status> Operations::Put(std::string id, fleet::Operation operation) {
  if (operation.done()) done_at_.try_emplace(id, context_.wall_clock());
  operation.set_name(NameOf(id));
  all_[id] = std::move(operation);
  ForgetOld();
  changed_.Set();
  changed_.Reset();
  co_return co_await Write();
}

io::Task<void> Operations::Drop(std::string id) {
  all_.erase(id);
  done_at_.erase(id);
  changed_.Set();
  changed_.Reset();
  (void)co_await Write();
}

io::Task<absl::Status> Operations::WaitDone(std::string id, io::StopToken stop) {
  for (;;) {
    const fleet::Operation* const operation = Find(id);
    if (operation == nullptr || operation->done()) co_return absl::OkStatus();
    const absl::Status waited = co_await changed_.Wait(stop);
    if (!waited.ok()) co_return waited;
  }
}

}  // namespace mosh::mgmt
