#include "server/control/dialogue.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "crypto/cleanse.h"
#include "server/control/reply_parts.h"
#include "server/control/reply_status.h"
#include "server/control/request_check.h"

namespace mosh::server {
namespace {

// Beyond these the other side must read before it is listened to again.
constexpr size_t kMaxWaiting = 16;
constexpr size_t kMaxWaitingBytes = 256 * 1024;

constexpr std::chrono::milliseconds kUsualInterval{50};

// A subscriber who has been told everything is told of what changes next after so long: a thousand
// changes a second are twenty wake-ups of both sides then.
constexpr std::chrono::milliseconds kChangesInterval{50};

// A packet with so much about sessions is full enough: describing more would make somebody's key
// wait.
constexpr size_t kEnough = size_t{4} << 10;

// An empty packet would be the end of the connection.
std::string Packet(control::Reply& reply) {
  if (reply.ByteSizeLong() == 0) reply.set_id(0);
  return reply.SerializeAsString();
}

absl::Status UsedId() {
  return absl::AlreadyExistsError("this connection has a subscription of this id");
}

void Wipe(std::string& secret) {
  crypto::Cleanse({reinterpret_cast<uint8_t*>(secret.data()), secret.size()});
}

}  // namespace

Dialogue::Dialogue(HostControl* host, std::function<void()> on_output, HostControl::Teller teller)
    : host_(host), on_output_(std::move(on_output)), teller_(teller) {}

Dialogue::~Dialogue() {
  if (changes_ != nullptr) host_->RemoveWatcher(changes_.get());
  for (const auto& screen : screens_) {
    host_->RemoveScreenWatcher(screen->feed.session_id(), &screen->feed);
  }
  if (said_watched_) host_->EndWatched(this);
  for (Waiting& waiting : waiting_) Wipe(waiting.packet);
}

bool Dialogue::WantsInput() const {
  return waiting_.size() < kMaxWaiting && waiting_bytes_ < kMaxWaitingBytes;
}

void Dialogue::OnPacket(std::span<const uint8_t> packet) {
  control::Request request;
  control::Reply head;
  if (!request.ParseFromArray(packet.data(), static_cast<int>(packet.size()))) {
    return SayStatus(std::move(head), absl::InvalidArgumentError("the packet holds no request"));
  }
  if (request.has_id()) head.set_id(request.id());
  const absl::Status status = CheckRequest(request);
  if (!status.ok()) return SayStatus(std::move(head), status);
  Obey(request, std::move(head));
}

void Dialogue::OnTooLongPacket() {
  SayStatus(control::Reply(), absl::OutOfRangeError("the packet is longer than 64 KiB"));
}

void Dialogue::Obey(const control::Request& request, control::Reply head) {
  switch (request.what_case()) {
    case control::Request::kNewSession:
      return SayGrant(std::move(head), host_->NewSession(request.new_session()));
    case control::Request::kAttach:
      return SayGrant(std::move(head), host_->Attach(request.attach()));
    case control::Request::kDetach:
      return SayStatus(std::move(head), host_->Detach(request.detach()));
    case control::Request::kTerminate:
      return SayStatus(std::move(head), host_->Terminate(request.terminate()));
    case control::Request::kNotify:
      return SayStatus(std::move(head), host_->Notify(request.notify()));
    case control::Request::kTakeSnapshot:
      return SaySnapshot(std::move(head), host_->TakeSnapshot(request.take_snapshot()));
    case control::Request::kListSessions:
      waiting_.push_back({.head = std::move(head), .ids = host_->SessionIds()});
      return on_output_();
    case control::Request::kSubscribe:
      return Subscribe(std::move(head));
    case control::Request::kUnsubscribe:
      return Unsubscribe(request.unsubscribe().request_id(), std::move(head));
    case control::Request::kGetHost:
      return SayHost(std::move(head));
    case control::Request::kGetSession:
      return SaySession(std::move(head), host_->Describe(request.get_session().session_id()));
    case control::Request::kHold:
      return SayStatus(std::move(head), host_->Hold(request.hold()));
    case control::Request::kSetWatched:
      said_watched_ = true;
      return SayStatus(std::move(head), host_->SetWatched(request.set_watched(), this));
    case control::Request::kSubscribeScreen:
      return SubscribeScreen(request.subscribe_screen(), ScreenFeed::Wants::kScreen,
                             std::move(head));
    case control::Request::kSubscribeScreenAndInput:
      return SubscribeScreen(request.subscribe_screen_and_input(),
                             ScreenFeed::Wants::kScreenAndInput, std::move(head));
    case control::Request::kSetLimits:
      host_->SetLimits(request.set_limits(), teller_);
      return SayStatus(std::move(head), absl::OkStatus());
    case control::Request::WHAT_NOT_SET:
      return;  // CheckRequest has refused it
  }
}

void Dialogue::Say(control::Reply& reply) {
  waiting_.push_back({.packet = Packet(reply)});
  waiting_bytes_ += waiting_.back().packet.size();
  on_output_();
}

void Dialogue::SayStatus(control::Reply head, const absl::Status& status) {
  SetStatus(status, &head);
  Say(head);
}

void Dialogue::SayGrant(control::Reply head, absl::StatusOr<control::Grant> grant) {
  if (!grant.ok()) return SayStatus(std::move(head), grant.status());
  *head.mutable_grant() = *std::move(grant);
  Say(head);
  Wipe(*head.mutable_grant()->mutable_key());
}

void Dialogue::SaySnapshot(control::Reply head, absl::StatusOr<control::Snapshot> snapshot) {
  if (!snapshot.ok()) return SayStatus(std::move(head), snapshot.status());
  std::vector<control::Snapshot> parts = SplitSnapshot(*std::move(snapshot), kMaxReplySize);
  for (size_t i = 0; i < parts.size(); ++i) {
    control::Reply reply = head;
    *reply.mutable_snapshot() = std::move(parts[i]);
    if (i + 1 < parts.size()) reply.set_more(true);
    Say(reply);
  }
}

void Dialogue::SaySession(control::Reply head, absl::StatusOr<control::Session> session) {
  if (!session.ok()) return SayStatus(std::move(head), session.status());
  TrimSession(kMaxReplySize, &*session);
  *head.add_session() = *std::move(session);
  Say(head);
}

void Dialogue::SayHost(control::Reply head) {
  *head.mutable_host() = host_->DescribeHost();
  Say(head);
}

bool Dialogue::IsSubscribed(uint64_t request_id) const {
  if (changes_ != nullptr && subscription_head_.id() == request_id) return true;
  return std::any_of(screens_.begin(), screens_.end(),
                     [&](const auto& screen) { return screen->head.id() == request_id; });
}

void Dialogue::Subscribe(control::Reply head) {
  if (changes_ != nullptr) {
    return SayStatus(std::move(head),
                     absl::AlreadyExistsError("this connection has a subscription"));
  }
  if (IsSubscribed(head.id())) return SayStatus(std::move(head), UsedId());
  subscription_head_ = std::move(head);
  subscription_head_.set_more(true);
  changes_due_ = Instant();
  changes_ = std::make_unique<ChangeQueue>(host_->SessionIds(), on_output_);
  host_->AddWatcher(changes_.get());
  on_output_();
}

void Dialogue::SubscribeScreen(const control::SubscribeScreen& request, ScreenFeed::Wants wants,
                               control::Reply head) {
  if (IsSubscribed(head.id())) {
    return SayStatus(std::move(head), UsedId());
  }
  if (screens_.size() >= kMaxScreens) {
    return SayStatus(std::move(head),
                     absl::ResourceExhaustedError(absl::StrCat(
                         "this connection has ", screens_.size(), " screens already")));
  }
  const std::chrono::milliseconds interval(request.interval_ms());
  auto screen = std::make_unique<Screen>(head, request.session_id(),
                                         interval.count() == 0 ? kUsualInterval : interval, wants,
                                         on_output_);
  const absl::Status added = host_->AddScreenWatcher(request.session_id(), &screen->feed);
  if (!added.ok()) return SayStatus(std::move(head), added);
  screens_.push_back(std::move(screen));
  on_output_();
}

void Dialogue::Unsubscribe(uint64_t request_id, control::Reply head) {
  if (!IsSubscribed(request_id)) {
    return SayStatus(std::move(head),
                     absl::NotFoundError(absl::StrCat("there is no subscription ", request_id)));
  }
  const absl::Status cancelled = absl::CancelledError("the subscription has been cancelled");
  if (changes_ != nullptr && subscription_head_.id() == request_id) {
    host_->RemoveWatcher(changes_.get());
    changes_ = nullptr;
    subscription_head_.clear_more();
    SayStatus(std::move(subscription_head_), cancelled);
  }
  for (const auto& screen : screens_) {
    if (screen->head.id() != request_id) continue;
    host_->RemoveScreenWatcher(screen->feed.session_id(), &screen->feed);
    screen->feed.End(cancelled);
  }
  SayStatus(std::move(head), absl::OkStatus());
}

Instant Dialogue::NextDeadline() const {
  Instant next = Instant::Max();
  for (const auto& screen : screens_) next = std::min(next, screen->feed.NextDeadline());
  if (changes_ != nullptr && changes_->has_news()) next = std::min(next, changes_due_);
  return next;
}

std::string Dialogue::NextPacket(Instant now) {
  if (!waiting_.empty()) {
    Waiting& first = waiting_.front();
    if (first.packet.empty()) return NextOfList(first);
    std::string packet = std::move(first.packet);
    waiting_bytes_ -= packet.size();
    waiting_.pop_front();
    return packet;
  }
  // In turn, so that neither waits for the other to have nothing more to say.
  screens_first_ = !screens_first_;
  std::string packet = screens_first_ ? NextOfScreens(now) : NextOfChanges(now);
  if (packet.empty()) packet = screens_first_ ? NextOfChanges(now) : NextOfScreens(now);
  return packet;
}

std::string Dialogue::NextOfScreens(Instant now) {
  for (size_t i = 0; i < screens_.size(); ++i) {
    std::unique_ptr<Screen> screen = std::move(screens_.front());
    screens_.pop_front();
    control::Reply reply = screen->head;
    const bool filled = screen->feed.Fill(*host_, kMaxReplySize, now, &reply);
    const bool over = screen->feed.over();
    if (!over) screens_.push_back(std::move(screen));
    if (!filled) continue;
    // Said in all but the last.
    if (!over) reply.set_more(true);
    return reply.SerializeAsString();
  }
  return "";
}

std::string Dialogue::NextOfChanges(Instant now) {
  if (changes_ == nullptr || !changes_->has_news() || now < changes_due_) return "";
  control::Reply reply = subscription_head_;
  changes_->Fill(*host_, kMaxReplySize, kEnough, &reply);
  if (!changes_->has_news()) changes_due_ = now + kChangesInterval;
  const bool news = reply.session_size() > 0 || reply.gone_size() > 0 || reply.has_synced();
  return news ? reply.SerializeAsString() : "";
}

std::string Dialogue::NextOfList(Waiting& list) {
  control::Reply reply = list.head;
  size_t size = 0;
  for (; list.next_id < list.ids.size() && size < kEnough; ++list.next_id) {
    absl::StatusOr<control::Session> session = host_->Describe(list.ids[list.next_id]);
    if (!session.ok()) continue;  // it has ended since
    TrimSession(kMaxReplySize, &*session);
    size += session->ByteSizeLong() + kFieldOverhead;
    if (reply.session_size() > 0 && size > kMaxReplySize) break;
    *reply.add_session() = *std::move(session);
  }
  if (list.next_id < list.ids.size()) {
    reply.set_more(true);
  } else {
    waiting_.pop_front();
  }
  return Packet(reply);
}

}  // namespace mosh::server
