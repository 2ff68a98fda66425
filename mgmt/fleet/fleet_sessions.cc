#include "mgmt/fleet/fleet_sessions.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "io/timer.h"
#include "mgmt/model/watch.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using Nanos = std::chrono::nanoseconds;

// Whoever lists now and then doesn't find everything to be fetched anew.
constexpr Nanos kLinger = 60s;
// A thousand connections at the same moment would keep the loop from all else.
constexpr Nanos kStartInterval = 250us;
// What happens within it is looked at together.
constexpr Nanos kPace = 10ms;
// The own node's changes within it are taken together.
constexpr Nanos kOwnInterval = 20ms;
constexpr size_t kOwnEvents = 500;

}  // namespace

struct FleetSessions::Follower {
  explicit Follower(io::StopToken parent) : stop(parent) {}

  std::string node;
  std::unique_ptr<Peer> peer;            // of another node
  std::unique_ptr<NodeReplica> replica;  // of the own
  google::protobuf::Timestamp agent_start_time;
  fleet::Node::State node_state = fleet::Node::STATE_UNSPECIFIED;
  io::StopSource stop;
  bool ended = false;

  bool whole(Detail detail) const {
    if (peer == nullptr) return replica->synced();
    return peer->state() == Peer::State::kSynced && !peer->replica().overfull() &&
           (detail == Detail::kPlain || peer->measured());
  }
  bool settled(Detail detail) const {
    if (peer == nullptr) return replica->synced();
    if (peer->state() != Peer::State::kSynced) return peer->state() == Peer::State::kUnreachable;
    return detail == Detail::kPlain || peer->measured();
  }
  // What the registry says of the node.
  void TakeNews(const fleet::Node& said) {
    const google::protobuf::Timestamp& started = said.agent_start_time();
    if (said.state() == node_state && started.seconds() == agent_start_time.seconds() &&
        started.nanos() == agent_start_time.nanos()) {
      return;
    }
    node_state = said.state();
    agent_start_time = started;
    peer->Nudge();
  }
  const NodeReplica& what() const { return peer == nullptr ? *replica : peer->replica(); }
};

FleetSessions::FleetSessions(Context context) : context_(std::move(context)) {
  peer_context_ = {.reactor = context_.reactor,
                   .calls = context_.calls,
                   .max_sessions = context_.max_sessions_of_a_node,
                   .random = context_.random,
                   .on_change = [this] { ReachabilityChanged(); },
                   .complain = context_.complain};
}

FleetSessions::~FleetSessions() = default;

FleetSessions::Wish::~Wish() { fleet_->Release(scope_, detail_); }

std::unique_ptr<FleetSessions::Wish> FleetSessions::Want(absl::string_view scope, Detail detail) {
  Wishes& wishes = wishes_[std::string(scope)];
  ++wishes.all.count;
  if (detail == Detail::kMeasured) ++wishes.measured.count;
  if (directory_ == nullptr) {
    directory_ = std::make_unique<Directory>(
        Directory::Options{.node = context_.own->node_name().substr(sizeof "nodes/" - 1),
                           .instance = context_.new_instance(),
                           .max_sessions = context_.max_sessions});
    // Processes are known of the own node only.
    directory_->SetUsageSource([this](fleet::Session* session) {
      if (context_.own->FindNamed(session->name()) != nullptr) {
        *session = context_.own->WithUsage(*session);
      }
    });
    directory_->SetOnChange([this] { Changed(); });
  }
  WantReconcile();
  return std::unique_ptr<Wish>(new Wish(this, std::string(scope), detail));
}

void FleetSessions::Release(const std::string& scope, Detail detail) {
  const auto release = [this](Holders* holders) {
    CHECK(holders->count > 0);
    if (--holders->count > 0) return;
    holders->until = context_.reactor->Now() + kLinger;
    WantReconcile();
  };
  Wishes& wishes = wishes_[scope];
  release(&wishes.all);
  if (detail == Detail::kMeasured) release(&wishes.measured);
}

bool FleetSessions::IsWanted(absl::string_view node) const {
  return wishes_.find("") != wishes_.end() || wishes_.find(node) != wishes_.end();
}

bool FleetSessions::MeasurementsWanted(absl::string_view node) const {
  const Instant now = context_.reactor->Now();
  const auto wanted = [&](absl::string_view scope) {
    const auto wishes = wishes_.find(scope);
    return wishes != wishes_.end() && wishes->second.measured.HoldAt(now);
  };
  return wanted("") || wanted(node);
}

void FleetSessions::Changed() {
  if (on_change_ != nullptr) on_change_();
}

void FleetSessions::ReachabilityChanged() {
  ++unreachable_version_;
  changed_.Set();
  Changed();
}

void FleetSessions::WantReconcile() {
  stale_ = true;
  changed_.Set();
}

const fleet::Node* FleetSessions::FindNode(absl::string_view name) const {
  const auto found = context_.nodes->nodes().find(std::string(name));
  return found != context_.nodes->nodes().end() ? &found->second : nullptr;
}

bool FleetSessions::Settled(absl::string_view scope, Detail detail) const {
  const auto settled = [this, detail](const std::string& name) {
    const auto follower = followers_.find(name);
    return follower != followers_.end() && follower->second->settled(detail);
  };
  const std::string& own = context_.own->node_name();
  if (Covers(scope, own) && !settled(own)) return false;
  for (const auto& [name, node] : context_.nodes->nodes()) {
    const bool awaited = Covers(scope, name) && !IsOwn(name) && !node.endpoint().empty() &&
                         node.state() != fleet::Node::LOST;
    if (awaited && !settled(name)) return false;
  }
  return true;
}

io::Task<void> FleetSessions::Settle(std::string scope, Detail detail, Instant deadline,
                                     io::StopToken stop) {
  io::Deadline limit(context_.reactor, deadline, stop);
  while (!Settled(scope, detail)) {
    const absl::Status waited = co_await progress_.Wait(limit.token());
    if (!waited.ok()) co_return;
  }
}

std::vector<std::string> FleetSessions::Unreachable(absl::string_view scope,
                                                    Detail detail) const {
  std::vector<std::string> names;
  for (const auto& [name, node] : context_.nodes->nodes()) {
    if (!Covers(scope, name) || IsOwn(name)) continue;
    const auto follower = followers_.find(name);
    if (follower == followers_.end() || !follower->second->whole(detail)) {
      names.push_back(name);
    } else {
      const std::vector<std::string>& hosts = follower->second->what().unreachable();
      names.insert(names.end(), hosts.begin(), hosts.end());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

FleetSessions::Numbers FleetSessions::numbers() const {
  Numbers numbers = {.events = past_events_, .refused = past_refused_};
  for (const auto& [name, follower] : followers_) {
    numbers.events += follower->what().applied();
    numbers.refused += follower->what().refused();
    if (follower->peer == nullptr) continue;
    const Peer::State state = follower->peer->state();
    numbers.connecting += state == Peer::State::kConnecting ? 1 : 0;
    numbers.synced += state == Peer::State::kSynced ? 1 : 0;
    numbers.unreachable += state == Peer::State::kUnreachable ? 1 : 0;
  }
  if (directory_ != nullptr) numbers.sessions = directory_->size();
  return numbers;
}

io::Task<void> FleetSessions::Run(io::StopToken stop) {
  const std::unique_ptr<FleetNodes::Subscription> subscription = context_.nodes->Subscribe([this] {
    stale_ = true;
    ReachabilityChanged();
  });
  io::Scope scope(stop);
  io::Timer timer(context_.reactor, &changed_);
  Instant next = Instant::Max();
  WantReconcile();
  while ((co_await changed_.Wait(stop)).ok()) {
    changed_.Reset();
    if (std::exchange(stale_, false) || context_.reactor->Now() >= next) next = Reconcile(&scope);
    timer.Arm(next);
    progress_.Set();
    progress_.Reset();
    // A thousand that connect are not looked through a thousand times.
    const absl::Status slept =
        co_await context_.reactor->Sleep(context_.reactor->Now() + kPace, stop);
    if (!slept.ok()) break;
  }
  timer.Disarm();
  co_await scope.CancelAndJoin();
  followers_.clear();
  ending_.clear();
}

Instant FleetSessions::Reconcile(io::Scope* scope) {
  const Instant now = context_.reactor->Now();
  Instant next = Instant::Max();
  for (auto wish = wishes_.begin(); wish != wishes_.end();) {
    if (!wish->second.all.HoldAt(now)) {
      wish = wishes_.erase(wish);
      continue;
    }
    for (const Holders* holders : {&wish->second.all, &wish->second.measured}) {
      if (holders->count == 0 && holders->until > now) next = std::min(next, holders->until);
    }
    ++wish;
  }
  ending_.remove_if([](const std::unique_ptr<Follower>& follower) { return follower->ended; });
  const auto& nodes = context_.nodes->nodes();
  for (auto running = followers_.begin(); running != followers_.end();) {
    const std::string& name = running->first;
    const auto node = nodes.find(name);
    bool gone = !IsWanted(name);
    bool moved = false;
    if (!IsOwn(name)) {
      gone |= node == nodes.end();
      moved = !gone && running->second->peer->address().endpoint != node->second.endpoint();
    }
    if (!gone && !moved) {
      ++running;
      continue;
    }
    // The sessions of one that has moved wait for its next Peer to take them over.
    if ((gone || node->second.endpoint().empty()) && !wishes_.empty()) {
      directory_->RemoveOthersOf(name, {});
    }
    Stop(std::move(running->second));
    running = followers_.erase(running);
  }
  if (wishes_.empty()) {
    directory_ = nullptr;
    return next;
  }
  const std::string& own = context_.own->node_name();
  if (IsWanted(own) && followers_.find(own) == followers_.end()) StartOwn(scope);
  for (const auto& [name, node] : nodes) {
    if (!IsWanted(name) || IsOwn(name) || node.endpoint().empty()) continue;
    const auto running = followers_.find(name);
    if (running == followers_.end()) {
      StartPeer(node, scope);
    } else {
      running->second->TakeNews(node);
      running->second->peer->SetMeasured(MeasurementsWanted(name));
    }
  }
  return next;
}

void FleetSessions::StartPeer(const fleet::Node& node, io::Scope* scope) {
  auto follower = std::make_unique<Follower>(scope->token());
  follower->node = node.name();
  follower->node_state = node.state();
  follower->agent_start_time = node.agent_start_time();
  follower->peer =
      std::make_unique<Peer>(&peer_context_, directory_.get(),
                             PeerAddress{.node = node.name(), .endpoint = node.endpoint()});
  follower->peer->SetMeasured(MeasurementsWanted(node.name()));
  next_start_ = std::max(next_start_ + kStartInterval, context_.reactor->Now());
  scope->Spawn(RunPeer(this, follower.get(), next_start_));
  followers_[node.name()] = std::move(follower);
}

void FleetSessions::StartOwn(io::Scope* scope) {
  auto follower = std::make_unique<Follower>(scope->token());
  follower->node = context_.own->node_name();
  follower->replica = std::make_unique<NodeReplica>(directory_.get(), follower->node,
                                                    context_.max_sessions_of_a_node);
  scope->Spawn(FollowOwn(follower.get()));
  followers_[follower->node] = std::move(follower);
}

void FleetSessions::Stop(std::unique_ptr<Follower> follower) {
  past_events_ += follower->what().applied();
  past_refused_ += follower->what().refused();
  follower->stop.RequestStop();
  ending_.push_back(std::move(follower));
}

io::Task<void> FleetSessions::RunPeer(FleetSessions* fleet, Follower* follower, Instant begin) {
  co_await follower->peer->Run(begin, follower->stop.token());
  follower->ended = true;
  fleet->WantReconcile();
}

io::Task<void> FleetSessions::FollowOwn(Follower* follower) {
  Directory* const own = context_.own;
  NodeReplica* const replica = follower->replica.get();
  const io::StopToken stop = follower->stop.token();
  io::Event news;
  own->SetOnChange([&news] { news.Set(); }, follower);
  while (!stop.stop_requested()) {
    replica->ForgetVersion();
    replica->Begin();
    absl::StatusOr<Watch> watch = Watch::Begin(own, {}, "");
    CHECK(watch.ok());
    while (!stop.stop_requested()) {
      const absl::StatusOr<Watch::Batch> batch = watch->Next(kOwnEvents);
      if (!batch.ok()) break;  // further behind than the directory remembers: anew
      if (!batch->empty()) {
        fleet::WatchSessionsResponse response;
        CHECK(response.ParseFromString(batch->response));
        const bool was_synced = replica->synced();
        replica->Apply(&response);
        if (replica->synced() && !was_synced) ReachabilityChanged();
      }
      Nanos pause = 0ms;  // for the others' turn
      if (!watch->behind()) {
        (void)co_await news.Wait(stop);
        pause = kOwnInterval;
      }
      news.Reset();
      (void)co_await context_.reactor->Sleep(context_.reactor->Now() + pause, stop);
    }
  }
  own->SetOnChange(nullptr, follower);
  follower->ended = true;
  WantReconcile();
}

}  // namespace mosh::mgmt
