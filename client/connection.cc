#include "client/connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "crypto/nonce.h"
#include "crypto/session_cipher.h"
#include "ssp/capabilities.h"
#include "ssp/receive_problem.h"
#include "ssp/transport_config.h"

namespace mosh::client {
namespace {

// One turn sends at most this many instructions; more are due at once in the next. A backstop, not
// a rate.
constexpr int kInstructionsPerTurn = 16;

// From the first screen until a file is written for --resume, which takes some ten milliseconds:
// nobody shall wait for it to see the first screen.
constexpr std::chrono::milliseconds kKeepAfter{300};

ssp::TransportConfig Config(const io::SocketAddress& server, const ClientProcess& process) {
  ssp::TransportConfig config = ssp::TransportConfig::Client();
  const bool is_v4 = server.Unmapped().family() == AF_INET;
  config.family = is_v4 ? ssp::AddressFamily::kIpv4 : ssp::AddressFamily::kIpv6;
  config.capabilities |= ssp::Capability::kTerminalModes;
  config.incarnation = process.incarnation;
  return config;
}

// "sendmsg: Network is unreachable" names a system call that people don't know from stock's
// messages.
std::string SendText(const absl::Status& status) {
  const absl::string_view message = status.message();
  const size_t colon = message.find(": ");
  return absl::StrCat("sendto: ",
                      colon == absl::string_view::npos ? message : message.substr(colon + 2));
}

}  // namespace

// Hands the datagrams of one instruction to the newest socket.
class Connection::Sink final : public ssp::DatagramSink {
 public:
  Sink(Connection* connection, Socket* socket) : connection_(connection), socket_(socket) {}
  void Send(std::span<const uint8_t> datagram) override {
    if (socket_ == nullptr) return;
    const absl::Status status = socket_->udp->SendNow(datagram, connection_->server_);
    if (status.ok())
      connection_->outcome_.worked = true;
    else
      connection_->OnSendError(status);
  }

 private:
  Connection* connection_;
  Socket* socket_;
};

Connection::Connection(io::Reactor* reactor, const io::SocketAddress& server,
                       const crypto::SessionKey& key, crypto::RandomSource* random, term::Size size,
                       io::Event* wake, const ClientProcess& process, ResumeKeeper* keeper)
    : reactor_(reactor),
      server_(server),
      tag_(crypto::RouteTag::Of(key)),
      lease_(tag_, process, keeper),
      wake_(wake),
      transport_(Config(server, process),
                 crypto::SessionCipher(key, crypto::Direction::kToServer, lease_.first()), random,
                 sync::UserStream(), sync::HostState(size), reactor->Now()),
      hopper_(reactor->Now()) {
  Resize(size);
}

absl::Status Connection::Open() {
  opened_ = true;
  return OpenSocket();
}

absl::Status Connection::OpenSocket() {
  const bool is_v4 = server_.family() == AF_INET;
  auto udp =
      reactor_->BindUdp(is_v4 ? io::SocketAddress::AnyV4(0) : io::SocketAddress::AnyV6(0), {});
  if (!udp.ok()) return udp.status();
  sockets_.push_back(std::make_unique<Socket>(*std::move(udp), scope_.token()));
  scope_.Spawn(Receive(sockets_.back().get()));
  return absl::OkStatus();
}

io::Task<void> Connection::Close() {
  if (opened_) co_await scope_.CancelAndJoin();
}

io::Task<void> Connection::Receive(Socket* socket) {
  while (true) {
    absl::StatusOr<io::Datagram> datagram = co_await socket->udp->Receive(socket->stop.token());
    if (!datagram.ok()) {
      if (!absl::IsCancelled(datagram.status())) OnSendError(datagram.status());
      break;
    }
    OnDatagram(*datagram);
    while (std::optional<io::Datagram> more = socket->udp->TryReceive()) OnDatagram(*more);
    wake_->Set();
  }
  co_await socket->udp->Close();
  Forget(socket);
}

void Connection::OnDatagram(const io::Datagram& datagram) {
  const Instant now = reactor_->Now();
  const auto received =
      transport_.OnDatagram(datagram.bytes(), static_cast<ssp::EcnMark>(datagram.ecn()), now);
  if (received.new_remote_state && !server_known_) {
    keep_at_ = std::min(keep_at_, now + kKeepAfter);
  }
  new_screen_ = new_screen_ || received.new_remote_state;
  if (received.authentic) Prune(now);
  if (received.authentic && received.problem == ssp::ReceiveProblem::kVersionMismatch) {
    problem_ = "mosh protocol version mismatch";
  }
}

void Connection::OnSendError(const absl::Status& status) {
  if (absl::IsOutOfRange(status)) {
    transport_.OnDatagramTooBig(reactor_->Now());
    return;
  }
  // A full socket buffer is a queue like any other on the way: the datagram is lost.
  if (!absl::IsResourceExhausted(status)) outcome_.error = SendText(status);
}

Connection::Socket* Connection::Newest() {
  for (auto socket = sockets_.rbegin(); socket != sockets_.rend(); ++socket) {
    if (!(*socket)->stop.stop_requested()) return socket->get();
  }
  return nullptr;
}

void Connection::Forget(Socket* socket) {
  std::erase_if(sockets_, [socket](const auto& owned) { return owned.get() == socket; });
}

void Connection::Type(absl::string_view bytes) {
  stream_.PushBytes(bytes);
  transport_.OnLocalChange(reactor_->Now(), ssp::ChangeHint::kIsolated);
}

void Connection::Resize(term::Size size) {
  stream_.PushResize(size);
  transport_.OnLocalChange(reactor_->Now(), ssp::ChangeHint::kIsolated);
}

absl::Status Connection::Pump() {
  const Instant now = reactor_->Now();
  transport_.AllowSequencesUpTo(lease_.LastAllowed(transport_.next_sequence(), KnownServer(now)));
  for (int i = 0; i < kInstructionsPerTurn && now >= transport_.NextDeadline(); ++i) {
    Sink sink(this, Newest());
    const absl::Status status = transport_.OnDeadline(now, stream_, sink);
    if (!status.ok()) return Explain(status);
    HopIfSilent(now);
  }
  return absl::OkStatus();
}

SequenceLease::Server Connection::KnownServer(Instant now) {
  if (now >= keep_at_) {
    server_known_ = true;
    keep_at_ = Instant::Max();
  }
  if (!server_known_) return SequenceLease::Server::kUnknown;
  return transport_.peer_capabilities().Has(ssp::Capability::kResume)
             ? SequenceLease::Server::kResumes
             : SequenceLease::Server::kDoesNot;
}

absl::Status Connection::Explain(const absl::Status& fatal) const {
  if (!keeping_trouble().ok()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("No more datagrams can be counted safely, because of the file for --resume: ",
                     keeping_trouble().message()));
  }
  if (transport_.next_sequence() <= tag_.LastSequence()) return fatal;
  return absl::ResourceExhaustedError(
      "This session has sent as many datagrams as its key is good for, 2^36. Start a new one.");
}

void Connection::HopIfSilent(Instant now) {
  if (!hopper_.OnSent(now, transport_.last_ack_of_send_at()) && Newest() != nullptr) return;
  if (OpenSocket().ok()) {
    hopper_.OnHopped(now);
    ++hops_;
  } else {
    hopper_.OnHopFailed(now);
  }
  Prune(now);
}

void Connection::Prune(Instant now) {
  size_t count = hopper_.PruneCount(now);
  for (const auto& socket : sockets_) {
    if (count == 0) return;
    if (socket->stop.stop_requested()) continue;
    socket->stop.RequestStop();
    --count;
  }
}

}  // namespace mosh::client
