#include "mgmt/etcd/testing/fake_etcd.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "io/timer.h"

namespace mosh::mgmt::etcd {
namespace {

constexpr std::chrono::milliseconds kRoundTrip{2};

}  // namespace

io::Task<void> FakeStore::Run(io::StopToken stop) {
  while (!stop.stop_requested()) {
    schedule_.Reset();
    Instant next = Instant::Max();
    std::vector<LeaseId> over;
    for (const auto& [id, lease] : leases_) {
      if (!down_ && lease.end <= reactor_->Now()) {
        over.push_back(id);
      } else if (!down_) {
        next = std::min(next, lease.end);
      }
    }
    for (const LeaseId id : over) End(id);
    io::Deadline until(reactor_, next, stop);
    (void)co_await schedule_.Wait(until.token());
  }
}

void FakeStore::SetDown(bool down) {
  down_ = down;
  for (auto& [id, lease] : leases_) lease.end = reactor_->Now() + lease.ttl;
  schedule_.Set();
  changed_.Set();
  changed_.Reset();
}

void FakeStore::Wipe() {
  entries_.clear();
  history_.clear();
  leases_.clear();
  revision_ = 1;
  compacted_ = 0;
}

void FakeStore::Put(const std::string& key, const std::string& value) {
  Apply({{.key = key, .value = value}});
}

void FakeStore::Delete(const std::string& key) { Apply({{.key = key}}); }

void FakeStore::Apply(const std::vector<Change>& changes) {
  Changed changed;
  changed.revision = revision_ + 1;
  for (const Change& change : changes) {
    if (change.value) {
      entries_[change.key] = {*change.value, changed.revision, change.lease};
    } else if (entries_.erase(change.key) == 0) {
      continue;
    }
    changed.keys.push_back({change.key, change.value, changed.revision});
  }
  if (changed.keys.empty()) return;
  revision_ = changed.revision;
  history_.push_back(std::move(changed));
  changed_.Set();
  changed_.Reset();
}

void FakeStore::End(LeaseId lease) {
  leases_.erase(lease);
  std::vector<Change> gone;
  for (const auto& [key, entry] : entries_) {
    if (entry.lease == lease) gone.push_back({.key = key});
  }
  Apply(gone);
}

void FakeEtcd::SetReachable(bool reachable) {
  reachable_ = reachable;
  store_->changed_.Set();
  store_->changed_.Reset();
}

void FakeEtcd::BreakWatches() {
  ++breaks_;
  store_->changed_.Set();
  store_->changed_.Reset();
}

io::Task<absl::Status> FakeEtcd::Reach(io::StopToken stop) {
  const absl::Status slept =
      co_await store_->reactor_->Sleep(store_->reactor_->Now() + kRoundTrip, stop);
  if (!slept.ok()) co_return absl::CancelledError("stopped");
  co_return cut_off() ? absl::UnavailableError("no way there") : absl::OkStatus();
}

io::Task<absl::StatusOr<Snapshot>> FakeEtcd::List(std::string prefix, io::StopToken stop) {
  const absl::Status reached = co_await Reach(stop);
  if (!reached.ok()) co_return reached;
  ++store_->lists_;
  Snapshot snapshot;
  snapshot.revision = store_->revision_;
  for (const auto& [key, entry] : store_->entries_) {
    if (absl::StartsWith(key, prefix)) {
      snapshot.values.push_back({key, entry.value, entry.revision});
    }
  }
  co_return snapshot;
}

io::Task<absl::StatusOr<Outcome>> FakeEtcd::Commit(Transaction transaction, io::StopToken stop) {
  const absl::Status reached = co_await Reach(stop);
  if (!reached.ok()) co_return reached;
  ++store_->commits_;
  Outcome outcome;
  outcome.done = true;
  for (const Condition& condition : transaction.conditions) {
    const auto entry = store_->entries_.find(condition.key);
    const bool there = entry != store_->entries_.end();
    if (condition.revision) {
      outcome.done &= (there ? entry->second.revision : 0) == *condition.revision;
    }
    if (condition.value) outcome.done &= there && entry->second.value == *condition.value;
    if (there) outcome.seen.push_back({condition.key, entry->second.value, entry->second.revision});
  }
  if (outcome.done) {
    outcome.seen.clear();
    for (const Change& change : transaction.changes) {
      if (change.lease != 0 && !store_->leases_.contains(change.lease)) {
        co_return absl::NotFoundError("requested lease not found");
      }
    }
    store_->Apply(transaction.changes);
  }
  outcome.revision = store_->revision_;
  if (lose_answer_) {
    lose_answer_ = false;
    co_return absl::DeadlineExceededError("no answer");
  }
  co_return outcome;
}

io::Task<absl::StatusOr<LeaseId>> FakeEtcd::Grant(std::chrono::seconds ttl, io::StopToken stop) {
  const absl::Status reached = co_await Reach(stop);
  if (!reached.ok()) co_return reached;
  const LeaseId id = ++store_->next_lease_;
  store_->leases_[id] = {ttl, store_->reactor_->Now() + ttl};
  store_->schedule_.Set();
  co_return id;
}

io::Task<absl::Status> FakeEtcd::KeepAlive(LeaseId lease, io::StopToken stop) {
  const absl::Status reached = co_await Reach(stop);
  if (!reached.ok()) co_return reached;
  const auto found = store_->leases_.find(lease);
  if (found == store_->leases_.end()) co_return absl::NotFoundError("no such lease");
  found->second.end = store_->reactor_->Now() + found->second.ttl;
  co_return absl::OkStatus();
}

io::Task<absl::Status> FakeEtcd::Revoke(LeaseId lease, io::StopToken stop) {
  const absl::Status reached = co_await Reach(stop);
  if (!reached.ok()) co_return reached;
  store_->End(lease);
  co_return absl::OkStatus();
}

io::Task<absl::Status> FakeEtcd::Watch(std::string prefix, Revision from,
                                       std::function<void(const Changed&)> on_change,
                                       io::StopToken stop) {
  const absl::Status reached = co_await Reach(stop);
  if (!reached.ok()) co_return reached;
  if (from <= store_->compacted_ || from > store_->revision_ + 1) {
    co_return absl::OutOfRangeError("forgotten");
  }
  Changed begun;
  begun.revision = from - 1;
  on_change(begun);
  const int breaks = breaks_;
  while (!stop.stop_requested() && !cut_off() && breaks_ == breaks) {
    // By index: `on_change` may add to it.
    for (size_t i = 0; i < store_->history_.size(); ++i) {
      const Changed all = store_->history_[i];
      if (all.revision < from) continue;
      from = all.revision + 1;
      Changed some;
      some.revision = all.revision;
      for (const Changed::Key& key : all.keys) {
        if (absl::StartsWith(key.key, prefix)) some.keys.push_back(key);
      }
      if (!some.keys.empty()) on_change(some);
    }
    (void)co_await store_->changed_.Wait(stop);
  }
  co_return stop.stop_requested() ? absl::CancelledError("stopped")
                                  : absl::UnavailableError("cut off");
}

}  // namespace mosh::mgmt::etcd
