#include "server/control/dialogue.h"

#include <utility>

#include "crypto/cleanse.h"
#include "server/control/reply_parts.h"
#include "server/control/reply_status.h"
#include "server/control/request_check.h"

namespace mosh::server {
namespace {

// Beyond these the other side must read before it is listened to again.
constexpr size_t kMaxWaiting = 16;
constexpr size_t kMaxWaitingBytes = 256 * 1024;

void Wipe(std::string& secret) {
  crypto::Cleanse({reinterpret_cast<uint8_t*>(secret.data()), secret.size()});
}

}  // namespace

Dialogue::Dialogue(HostControl* host, std::function<void()> on_output)
    : host_(host), on_output_(std::move(on_output)) {}

Dialogue::~Dialogue() {
  if (changes_ != nullptr) host_->RemoveWatcher(changes_.get());
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
    case control::Request::WHAT_NOT_SET:
      return;  // CheckRequest has refused it
  }
}

void Dialogue::Say(const control::Reply& reply) {
  waiting_.push_back({.packet = reply.SerializeAsString()});
  waiting_bytes_ += waiting_.back().packet.size();
  on_output_();
}

void Dialogue::SayStatus(control::Reply head, const absl::Status& status) {
  SetStatus(status, &head);
  // An empty packet would be the end of the connection.
  if (head.ByteSizeLong() == 0) head.set_id(0);
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

void Dialogue::Subscribe(control::Reply head) {
  if (changes_ != nullptr) {
    return SayStatus(std::move(head),
                     absl::AlreadyExistsError("this connection has a subscription"));
  }
  subscription_head_ = std::move(head);
  subscription_head_.set_more(true);
  changes_ = std::make_unique<ChangeQueue>(host_->SessionIds(), on_output_);
  host_->AddWatcher(changes_.get());
  on_output_();
}

std::string Dialogue::NextPacket() {
  if (!waiting_.empty()) {
    Waiting& first = waiting_.front();
    if (first.packet.empty()) return NextOfList(first);
    std::string packet = std::move(first.packet);
    waiting_bytes_ -= packet.size();
    waiting_.pop_front();
    return packet;
  }
  if (changes_ == nullptr || !changes_->has_news()) return "";
  control::Reply reply = subscription_head_;
  changes_->Fill(*host_, kMaxReplySize, &reply);
  const bool news = reply.session_size() > 0 || reply.gone_size() > 0 || reply.has_synced();
  return news ? reply.SerializeAsString() : "";
}

std::string Dialogue::NextOfList(Waiting& list) {
  control::Reply reply = list.head;
  size_t size = 0;
  for (; list.next_id < list.ids.size(); ++list.next_id) {
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
  if (reply.ByteSizeLong() == 0) reply.set_id(0);
  return reply.SerializeAsString();
}

}  // namespace mosh::server
