#include "mgmt/fleet/registry.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/time_util.h"
#include "io/scope.h"
#include "io/timer.h"
#include "mgmt/etcd/backoff.h"
#include "mgmt/fleet/registered_nodes.h"

namespace mosh::mgmt {

namespace {

using google::protobuf::util::TimeUtil;

constexpr size_t kMaxRecord = 64 * 1024;
constexpr size_t kMaxReason = 500;
// Of a node that all agents see to be lost, one is to write so. They don't try all at once.
constexpr std::chrono::milliseconds kMarkSpread{2'000};
constexpr std::chrono::seconds kMarkAgain{5};
constexpr std::chrono::seconds kPatienceAtEnd{2};
constexpr std::chrono::seconds kPatienceForOwnAnswer{1};

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

// What a stranger wrote, fit to be told to anybody.
std::string Clean(absl::string_view text) {
  std::string clean(text.substr(0, kMaxReason));
  std::replace_if(
      clean.begin(), clean.end(), [](unsigned char c) { return !absl::ascii_isprint(c); }, '?');
  return clean;
}

// Only what a registry has to say about a node.
fleet::Node Registered(const fleet::Node& node) {
  fleet::Node registered;
  registered.set_hostname(node.hostname());
  registered.set_os(node.os());
  registered.set_agent_version(node.agent_version());
  if (node.has_agent_start_time()) {
    *registered.mutable_agent_start_time() = node.agent_start_time();
  }
  if (node.has_boot_time()) *registered.mutable_boot_time() = node.boot_time();
  registered.set_state(node.state());
  if (node.has_state_time()) *registered.mutable_state_time() = node.state_time();
  *registered.mutable_labels() = node.labels();
  registered.set_endpoint(node.endpoint());
  return registered;
}

}  // namespace

class Registry::Subscriber final : public Subscription {
 public:
  Subscriber(std::list<Subscriber*>* all, std::function<void()> on_change)
      : all_(all), on_change_(std::move(on_change)) {
    all_->push_back(this);
  }
  ~Subscriber() override { all_->remove(this); }
  void Tell() const { on_change_(); }

 private:
  std::list<Subscriber*>* const all_;
  const std::function<void()> on_change_;
};

Registry::Registry(Context context)
    : context_(std::move(context)),
      own_name_(context_.own.name()),
      record_key_(absl::StrCat(context_.prefix, own_name_)),
      alive_key_(absl::StrCat(record_key_, kAliveKey)),
      mark_(ToText(context_.mark)),
      own_(context_.own),
      mirror_(context_.reactor, context_.etcd, absl::StrCat(context_.prefix, kNodesKey),
              [this] { OnMirror(); }) {
  own_.set_state(fleet::Node::READY);
  *own_.mutable_state_time() = ToTimestamp(context_.wall_clock());
  nodes_ = context_.fixed;
  nodes_[own_name_] = own_;
  if (context_.etcd != nullptr) UpdateProblem();
}

io::Task<void> Registry::Run(io::StopToken stop) {
  if (context_.etcd == nullptr) co_return;
  io::Scope scope(stop);
  scope.Spawn(mirror_.Run(scope.token()));
  scope.Spawn(StayRegistered(scope.token()));
  scope.Spawn(AwaitGrace(scope.token()));
  scope.Spawn(MarkLost(scope.token()));
  io::Event never;
  (void)co_await never.Wait(stop);
  co_await scope.CancelAndJoin();
  co_await SignOff();
}

void Registry::SetEndpoint(const std::string& endpoint) {
  own_.set_endpoint(endpoint);
  nodes_[own_name_] = own_;
}

void Registry::SetState(fleet::Node::State state, absl::Time since) {
  own_.set_state(state);
  *own_.mutable_state_time() = ToTimestamp(since);
  nodes_[own_name_] = own_;
  record_is_old_ = true;
  wake_.Set();
  Tell();
}

bool Registry::up() const {
  return context_.etcd == nullptr ||
         (registration_ && registration_->ok() && mirror_.status().ok());
}

std::unique_ptr<FleetNodes::Subscription> Registry::Subscribe(std::function<void()> on_change) {
  return std::make_unique<Subscriber>(&subscribers_, std::move(on_change));
}

void Registry::Tell() {
  for (const Subscriber* subscriber : subscribers_) subscriber->Tell();
}

// ---- Being there.

etcd::Transaction Registry::Registration(etcd::Condition condition) const {
  etcd::Transaction transaction;
  transaction.conditions.push_back(std::move(condition));
  transaction.changes.push_back({.key = record_key_, .value = own_.SerializeAsString()});
  transaction.changes.push_back({.key = alive_key_, .value = mark_, .lease = lease_});
  return transaction;
}

io::Task<absl::Status> Registry::Register(io::StopToken stop) {
  const absl::StatusOr<etcd::LeaseId> lease = co_await context_.etcd->Grant(context_.lease, stop);
  if (!lease.ok()) co_return lease.status();
  lease_ = *lease;
  record_is_old_ = false;
  maybe_there_ = true;
  etcd::Transaction first = Registration({.key = alive_key_, .revision = 0});
  absl::StatusOr<etcd::Outcome> outcome = co_await context_.etcd->Commit(std::move(first), stop);
  std::optional<ProcessMark> other;
  if (outcome.ok() && !outcome->done && !outcome->seen.empty()) {
    const etcd::KeyValue seen = outcome->seen.front();
    other = ParseProcessMark(seen.value);
    // Our own from before etcd was away, or that of one who died here; its lease is not over yet.
    const bool ours = seen.value == mark_;
    if (ours || (other && HasEnded(*other, context_.mark))) {
      record_is_old_ = false;
      etcd::Transaction again = Registration({.key = alive_key_, .revision = seen.revision});
      outcome = co_await context_.etcd->Commit(std::move(again), stop);
    }
  }
  if (outcome.ok() && outcome->done) {
    place_ = Place::kOurs;
    registered_at_ = outcome->revision;
    co_return absl::OkStatus();
  }
  // Whatever was put with it stands under the next one, or goes with this.
  const etcd::LeaseId unused = std::exchange(lease_, 0);
  if (!outcome.ok()) co_return outcome.status();
  (void)co_await context_.etcd->Revoke(unused, stop);
  maybe_there_ = false;
  place_ = Place::kTaken;
  co_return absl::AlreadyExistsError(
      other ? absl::StrCat("an agent on ", other->host, " (process ", other->pid, ")")
            : "another agent");
}

io::Task<absl::Status> Registry::WriteRecord(io::StopToken stop) {
  etcd::Transaction transaction;
  transaction.conditions.push_back({.key = alive_key_, .value = mark_});
  transaction.changes.push_back({.key = record_key_, .value = own_.SerializeAsString()});
  record_is_old_ = false;
  const absl::StatusOr<etcd::Outcome> outcome =
      co_await context_.etcd->Commit(std::move(transaction), stop);
  if (outcome.ok() && outcome->done) co_return absl::OkStatus();
  record_is_old_ = true;
  if (!outcome.ok()) co_return outcome.status();
  place_ = Place::kUnknown;
  co_return absl::AbortedError("this node was taken out of etcd");
}

io::Task<void> Registry::StayRegistered(io::StopToken stop) {
  etcd::Backoff backoff(context_.reactor->Now().nanos());
  while (!stop.stop_requested()) {
    wake_.Reset();
    absl::Status status;
    if (place_ == Place::kOurs) {
      status = co_await context_.etcd->KeepAlive(lease_, stop);
      if (status.code() == absl::StatusCode::kNotFound) place_ = Place::kUnknown;
    }
    if (place_ != Place::kOurs) status = co_await Register(stop);
    if (status.ok() && record_is_old_) status = co_await WriteRecord(stop);
    if (stop.stop_requested()) co_return;
    registration_ = status;
    UpdateProblem();
    if (status.ok()) backoff.Reset();
    // When a cluster comes back leases begin anew: who would come back later than that was lost.
    const std::chrono::nanoseconds renewal = std::chrono::nanoseconds(context_.lease) / 3;
    const std::chrono::nanoseconds pause =
        status.ok() ? renewal : std::min(renewal, backoff.Next());
    io::Deadline until(context_.reactor, context_.reactor->Now() + pause, stop);
    (void)co_await wake_.Wait(until.token());
  }
}

io::Task<void> Registry::SignOff() {
  if (!maybe_there_) co_return;
  io::Deadline limit(context_.reactor, context_.reactor->Now() + kPatienceAtEnd, io::StopToken());
  etcd::Transaction transaction;
  transaction.conditions.push_back({.key = alive_key_, .value = mark_});
  transaction.changes.push_back({.key = record_key_});
  transaction.changes.push_back({.key = alive_key_});
  const absl::StatusOr<etcd::Outcome> outcome =
      co_await context_.etcd->Commit(std::move(transaction), limit.token());
  if (!outcome.ok()) {
    context_.say(absl::StrCat("can't sign off from etcd, so ", own_name_,
                              " will be seen as lost: ", Clean(outcome.status().message())));
    co_return;
  }
  if (lease_ != 0) (void)co_await context_.etcd->Revoke(lease_, limit.token());
}

// ---- Knowing who else is.

void Registry::OnMirror() {
  const auto& values = mirror_.values();
  Rebuild();
  const auto own_alive =
      values.find(absl::StrCat(absl::StripPrefix(own_name_, kNodesKey), kAliveKey));
  const bool taken_from_us = place_ == Place::kOurs && mirror_.revision() >= registered_at_ &&
                             (own_alive == values.end() || own_alive->second.value != mark_);
  if (mirror_.status().ok() && taken_from_us) {
    place_ = Place::kUnknown;
    wake_.Set();
  }
  if (place_ == Place::kTaken && own_alive == values.end()) wake_.Set();
  mirrored_.Set();
  mirrored_.Reset();
  UpdateProblem();
  Tell();
}

void Registry::Rebuild() {
  const auto& values = mirror_.values();
  for (auto made = made_of_.begin(); made != made_of_.end();) {
    if (values.contains(absl::StripPrefix(made->first, kNodesKey))) {
      ++made;
      continue;
    }
    nodes_.erase(made->first);
    missed_.erase(made->first);
    made = made_of_.erase(made);
  }
  for (const auto& [key, value] : values) {
    if (absl::StrContains(key, '/')) continue;
    const std::string name = absl::StrCat(kNodesKey, key);
    if (name == own_name_) continue;
    const MadeOf now = {value.revision, values.contains(absl::StrCat(key, kAliveKey))};
    MadeOf& before = made_of_[name];
    if (before == now) continue;
    before = now;
    fleet::Node node;
    if (value.value.size() > kMaxRecord || !node.ParseFromString(value.value)) {
      context_.say(absl::StrCat("what etcd has at ", context_.prefix, name,
                                " is no node; it is passed over"));
      nodes_.erase(name);
      missed_.erase(name);
      continue;
    }
    node = Registered(node);
    node.set_name(name);
    const bool known = nodes_.contains(name);
    nodes_[name] = std::move(node);
    if (now.alive || nodes_[name].state() == fleet::Node::LOST) {
      missed_.erase(name);
      continue;
    }
    const Instant at = context_.reactor->Now();
    const Missed missed = {context_.wall_clock(), known ? at + kGrace : at};
    const auto [entry, is_new] = missed_.try_emplace(name, missed);
    if (is_new) missed_seen_.Set();
    if (entry->second.lost_at <= at) ShowLost(name, entry->second);
  }
}

void Registry::ShowLost(const std::string& name, const Missed& missed) {
  fleet::Node& node = nodes_.at(name);
  node.set_state(fleet::Node::LOST);
  *node.mutable_state_time() = ToTimestamp(missed.since);
  lost_seen_.Set();
}

io::Task<void> Registry::AwaitGrace(io::StopToken stop) {
  while (!stop.stop_requested()) {
    missed_seen_.Reset();
    const Instant now = context_.reactor->Now();
    Instant next = Instant::Max();
    bool news = false;
    for (const auto& [name, missed] : missed_) {
      if (nodes_.at(name).state() == fleet::Node::LOST) continue;
      if (missed.lost_at <= now) {
        ShowLost(name, missed);
        news = true;
      } else {
        next = std::min(next, missed.lost_at);
      }
    }
    if (news) Tell();
    io::Deadline limit(context_.reactor, next, stop);
    (void)co_await missed_seen_.Wait(limit.token());
  }
}

io::Task<void> Registry::MarkLost(io::StopToken stop) {
  for (;;) {
    const absl::Status waited = co_await lost_seen_.Wait(stop);
    if (!waited.ok()) co_return;
    lost_seen_.Reset();
    const std::chrono::nanoseconds turn(
        static_cast<int64_t>(context_.random() * std::chrono::nanoseconds(kMarkSpread).count()));
    const absl::Status slept =
        co_await context_.reactor->Sleep(context_.reactor->Now() + turn, stop);
    if (!slept.ok()) co_return;
    std::vector<std::string> names;
    for (const auto& [name, missed] : missed_) names.push_back(name);
    for (const std::string& name : names) {
      // Somebody else may have been quicker.
      if (!mirror_.status().ok() || !missed_.contains(name)) continue;
      if (nodes_.at(name).state() != fleet::Node::LOST) continue;
      etcd::Transaction transaction;
      const std::string key = absl::StrCat(context_.prefix, name);
      transaction.conditions.push_back({.key = key, .revision = made_of_.at(name).record});
      transaction.conditions.push_back({.key = absl::StrCat(key, kAliveKey), .revision = 0});
      transaction.changes.push_back({.key = key, .value = nodes_.at(name).SerializeAsString()});
      (void)co_await context_.etcd->Commit(std::move(transaction), stop);
      if (stop.stop_requested()) co_return;
    }
    if (missed_.empty()) continue;
    // What was written comes back by the mirror; what could not be is tried again.
    const absl::Status paused =
        co_await context_.reactor->Sleep(context_.reactor->Now() + kMarkAgain, stop);
    if (!paused.ok()) co_return;
    if (!missed_.empty()) lost_seen_.Set();
  }
}

io::Task<absl::Status> Registry::Forget(std::string name, bool validate_only, io::StopToken stop) {
  const auto node = nodes_.find(name);
  if (node == nodes_.end()) co_return absl::NotFoundError(absl::StrCat("there is no ", name));
  if (!context_.fixed.empty()) {
    co_return absl::FailedPreconditionError(
        absl::StrCat(name, " is not lost: the fleet's nodes stand in a file; take it out there"));
  }
  if (name == own_name_ || node->second.state() != fleet::Node::LOST) {
    co_return absl::FailedPreconditionError(
        absl::StrCat(name, " is not lost; stop its agent, and it leaves by itself"));
  }
  if (validate_only) co_return absl::OkStatus();
  const std::string key = absl::StrCat(context_.prefix, name);
  etcd::Transaction transaction = etcd::DeleteIf(key, made_of_.at(name).record);
  transaction.conditions.push_back({.key = absl::StrCat(key, kAliveKey), .revision = 0});
  const absl::StatusOr<etcd::Outcome> outcome =
      co_await context_.etcd->Commit(std::move(transaction), stop);
  if (!outcome.ok()) co_return outcome.status();
  if (!outcome->done) {
    co_return absl::AbortedError(absl::StrCat(name, " has changed just now; look again"));
  }
  // So that who asks next doesn't see it any more.
  io::Deadline limit(context_.reactor, context_.reactor->Now() + kPatienceForOwnAnswer, stop);
  while (mirror_.revision() < outcome->revision && !limit.token().stop_requested()) {
    (void)co_await mirrored_.Wait(limit.token());
  }
  co_return absl::OkStatus();
}

void Registry::UpdateProblem() {
  const absl::Status& mirror = mirror_.status();
  Standing standing = Standing::kGood;
  std::string problem;
  if (registration_ && registration_->code() == absl::StatusCode::kAlreadyExists) {
    standing = Standing::kTaken;
    problem =
        absl::StrCat(own_name_, " is ", absl::string_view(registration_->message()),
                     " already; give one of the two another --node. Until then this one is not "
                     "in the fleet");
  } else if ((registration_ && !registration_->ok()) || (mirror_.tried() && !mirror.ok())) {
    standing = Standing::kAway;
    const absl::Status& why = registration_ && !registration_->ok() ? *registration_ : mirror;
    problem =
        absl::StrCat("can't reach etcd, so the list of nodes may be old: ", Clean(why.message()));
  } else if (!registration_ || !mirror_.tried()) {
    standing = Standing::kUnknown;
    problem = "etcd has not answered yet, so no other nodes are known";
  }
  const bool changed = problem != problem_;
  problem_ = std::move(problem);
  if (standing != said_ && standing != Standing::kUnknown) {
    said_ = standing;
    context_.say(standing == Standing::kGood ? absl::StrCat("registered in etcd as ", own_name_)
                                             : problem_);
  }
  if (changed) Tell();
}

}  // namespace mosh::mgmt
