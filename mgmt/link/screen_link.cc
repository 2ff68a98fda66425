#include "mgmt/link/screen_link.h"

#include <span>

#include "io/timer.h"
#include "server/control/reply_status.h"

namespace mosh::mgmt {
namespace {

constexpr size_t kMaxFrame = 16 * 1024 * 1024;

}  // namespace

io::Task<absl::StatusOr<std::unique_ptr<ScreenLink>>> ScreenLink::Open(
    io::Reactor* reactor, HostSocket socket, Terms terms, std::chrono::nanoseconds patience,
    io::StopToken stop) {
  auto connection = io::UnixConnection::Connect(reactor, socket.path);
  if (!connection.ok()) co_return connection.status();
  if ((*connection)->peer().uid != socket.owner) {
    co_return absl::PermissionDeniedError("another user listens there");
  }
  std::unique_ptr<ScreenLink> link(new ScreenLink(*std::move(connection)));
  io::Deadline limit(reactor, reactor->Now() + patience, stop);
  const absl::Status begun = co_await link->Begin(std::move(terms), limit.token());
  if (begun.ok()) co_return std::move(link);
  if (limit.expired()) co_return absl::DeadlineExceededError("the Host does not answer");
  co_return begun;
}

io::Task<absl::Status> ScreenLink::Begin(Terms terms, io::StopToken stop) {
  if (!terms.watcher.empty()) {
    control::Request watched;
    watched.mutable_set_watched()->set_session_id(terms.session_id);
    watched.mutable_set_watched()->add_watcher(terms.watcher);
    const absl::Status sent = co_await Send(std::move(watched), stop);
    if (!sent.ok()) co_return sent;
    const absl::StatusOr<control::Reply> reply = co_await Receive(stop);
    if (!reply.ok()) co_return reply.status();
  }
  control::Request screen;
  control::SubscribeScreen* const wanted = terms.with_input
                                               ? screen.mutable_subscribe_screen_and_input()
                                               : screen.mutable_subscribe_screen();
  wanted->set_session_id(terms.session_id);
  wanted->set_interval_ms(static_cast<uint32_t>(terms.interval.count()));
  const absl::Status sent = co_await Send(std::move(screen), stop);
  if (!sent.ok()) co_return sent;
  absl::StatusOr<control::Frame> first = co_await ReceiveFrame(stop);
  if (!first.ok()) co_return first.status();
  first_ = *std::move(first);
  first_waits_ = true;
  co_return absl::OkStatus();
}

io::Task<absl::StatusOr<control::Frame>> ScreenLink::Next(io::StopToken stop) {
  if (first_waits_) {
    first_waits_ = false;
    co_return std::move(first_);
  }
  co_return co_await ReceiveFrame(stop);
}

io::Task<absl::Status> ScreenLink::Send(control::Request request, io::StopToken stop) {
  request.set_id(++last_id_);
  const std::string packet = request.SerializeAsString();
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(packet.data()),
                                       packet.size());
  const absl::Status sent = co_await connection_->Send(bytes, {}, stop);
  co_return sent;
}

// The next reply to what was sent last.
io::Task<absl::StatusOr<control::Reply>> ScreenLink::Receive(io::StopToken stop) {
  while (true) {
    const absl::StatusOr<io::UnixMessage> message = co_await connection_->Receive(stop);
    if (!message.ok()) co_return message.status();
    if (message->end) co_return absl::UnavailableError("the Host has closed the connection");
    control::Reply reply;
    const int size = static_cast<int>(message->bytes.size());
    if (!reply.ParseFromArray(message->bytes.data(), size)) {
      co_return absl::DataLossError("a reply could not be understood");
    }
    // Without an id it is about the connection as a whole.
    if (reply.has_id() && reply.id() != last_id_) continue;
    const absl::Status status = server::StatusOf(reply);
    if (!status.ok()) co_return status;
    co_return std::move(reply);
  }
}

io::Task<absl::StatusOr<control::Frame>> ScreenLink::ReceiveFrame(io::StopToken stop) {
  control::Frame whole;
  std::string ansi;
  while (true) {
    absl::StatusOr<control::Reply> reply = co_await Receive(stop);
    if (!reply.ok()) co_return reply.status();
    if (!reply->has_frame()) co_return absl::DataLossError("a reply without a frame");
    const control::Frame& part = reply->frame();
    ansi += part.ansi();
    if (ansi.size() > kMaxFrame) co_return absl::DataLossError("a frame has no end");
    // What the first part says holds for the frame; the last one's is the newest time.
    const bool restart = whole.restart();
    whole.MergeFrom(part);
    whole.set_restart(restart || part.restart());
    if (part.continues()) continue;
    whole.set_ansi(std::move(ansi));
    whole.clear_continues();
    co_return std::move(whole);
  }
}

}  // namespace mosh::mgmt
