#include "mgmt/etcd/mirror.h"

#include <algorithm>
#include <utility>

#include "mgmt/etcd/backoff.h"

namespace mosh::mgmt::etcd {

Mirror::Mirror(io::Reactor* reactor, Etcd* etcd, std::string prefix,
               std::function<void()> on_change)
    : reactor_(reactor),
      etcd_(etcd),
      prefix_(std::move(prefix)),
      on_change_(std::move(on_change)),
      status_(absl::UnavailableError("etcd has not answered yet")) {}

io::Task<void> Mirror::Run(io::StopToken stop) {
  Backoff backoff(reactor_->Now().nanos());
  while (!stop.stop_requested()) {
    heard_ = false;
    const absl::Status ended = co_await Follow(stop);
    if (stop.stop_requested()) co_return;
    if (ended.code() == absl::StatusCode::kOutOfRange && revision_ != 0) {
      // What happened meanwhile is not known any more; what there is now is.
      revision_ = 0;
      continue;
    }
    // A member may have gone, and another one goes on: only who then hears nothing is cut off.
    if (heard_) {
      backoff.Reset();
    } else {
      SetStatus(ended);
    }
    const absl::Status slept = co_await reactor_->Sleep(reactor_->Now() + backoff.Next(), stop);
    if (!slept.ok()) co_return;
  }
}

io::Task<absl::Status> Mirror::Follow(io::StopToken stop) {
  if (revision_ == 0) {
    absl::StatusOr<Snapshot> snapshot = co_await etcd_->List(prefix_, stop);
    if (!snapshot.ok()) co_return snapshot.status();
    Replace(*snapshot);
  }
  std::function<void(const Changed&)> apply = [this](const Changed& changed) { Apply(changed); };
  const absl::Status ended = co_await etcd_->Watch(prefix_, revision_ + 1, std::move(apply), stop);
  co_return ended.ok() ? absl::UnavailableError("etcd has ended the watch") : ended;
}

void Mirror::Replace(const Snapshot& snapshot) {
  values_.clear();
  for (const KeyValue& key : snapshot.values) {
    values_[key.key.substr(prefix_.size())] = {key.value, key.revision};
  }
  revision_ = snapshot.revision;
  on_change_();
}

void Mirror::Apply(const Changed& changed) {
  for (const Changed::Key& key : changed.keys) {
    std::string name = key.key.substr(prefix_.size());
    if (key.value) {
      values_[std::move(name)] = {*key.value, key.revision};
    } else {
      values_.erase(name);
    }
  }
  heard_ = true;
  revision_ = std::max(revision_, changed.revision);
  const bool news = !changed.keys.empty() || !status_.ok();
  status_ = absl::OkStatus();
  tried_ = true;
  if (news) on_change_();
}

void Mirror::SetStatus(absl::Status status) {
  tried_ = true;
  if (status_ == status) return;
  status_ = std::move(status);
  on_change_();
}

Transaction PutIf(std::string key, std::string value, Revision seen) {
  Transaction transaction;
  transaction.conditions.push_back({.key = key, .revision = seen});
  transaction.changes.push_back({.key = std::move(key), .value = std::move(value)});
  return transaction;
}

Transaction DeleteIf(std::string key, Revision seen) {
  Transaction transaction;
  transaction.conditions.push_back({.key = key, .revision = seen});
  transaction.changes.push_back({.key = std::move(key)});
  return transaction;
}

}  // namespace mosh::mgmt::etcd
