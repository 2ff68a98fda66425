#include "client/testing/test_server.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "crypto/nonce.h"
#include "crypto/session_cipher.h"
#include "io/scope.h"
#include "io/timer.h"
#include "ssp/transport_config.h"

namespace mosh::client {
namespace {

ssp::TransportConfig Config(ssp::Capabilities capabilities) {
  ssp::TransportConfig config = ssp::TransportConfig::Server();
  config.capabilities = capabilities;
  return config;
}

}  // namespace

TestServer::TestServer(io::Reactor* reactor, const io::SocketAddress& local,
                       const crypto::SessionKey& key, crypto::RandomSource* random,
                       ssp::Capabilities capabilities)
    : reactor_(reactor),
      local_(local),
      transport_(Config(capabilities), crypto::SessionCipher(key, crypto::Direction::kToClient),
                 random, sync::HostState(term::Size()), sync::UserStream(), reactor->Now()),
      terminal_(term::Size(), term::Dialect::kProgram) {
  transport_.SetHasPeer(false);
}

io::Task<void> TestServer::Run(io::StopToken stop) {
  auto socket = reactor_->BindUdp(local_, {});
  CHECK(socket.ok());
  socket_ = *std::move(socket);
  io::Scope scope(stop);
  scope.Spawn(Receive(socket_.get(), scope.token()));
  io::Timer timer(reactor_, &wake_);
  while (!over_) {
    Tick();
    timer.Arm(std::min(transport_.NextDeadline(), echo_acks_.NextDeadline()));
    if (over_ || !(co_await wake_.Wait(stop)).ok()) break;
    wake_.Reset();
  }
  co_await scope.CancelAndJoin();
  co_await socket_->Close();
  socket_.reset();
}

void TestServer::Print(absl::string_view bytes) {
  terminal_.Feed(bytes);
  transport_.OnLocalChange(reactor_->Now());
  wake_.Set();
}

void TestServer::StartShutdown() {
  transport_.StartShutdown(reactor_->Now());
  wake_.Set();
}

void TestServer::SendRaw(absl::string_view datagram) {
  const std::vector<uint8_t> bytes(datagram.begin(), datagram.end());
  Send(bytes);
}

void TestServer::Send(std::span<const uint8_t> datagram) {
  // Lost, if the simulated network says so.
  if (!socket_->SendNow(datagram, client_).ok()) return;
}

io::Task<void> TestServer::Receive(io::UdpSocket* socket, io::StopToken stop) {
  while (true) {
    absl::StatusOr<io::Datagram> datagram = co_await socket->Receive(stop);
    if (!datagram.ok()) co_return;
    OnDatagram(*datagram);
    wake_.Set();
  }
}

void TestServer::OnDatagram(const io::Datagram& datagram) {
  const auto received =
      transport_.OnDatagram(datagram.bytes(), ssp::EcnMark::kNotCapable, reactor_->Now());
  if (received.newest) {
    client_ = datagram.from();
    transport_.SetHasPeer(true);
    if (std::find(addresses_.begin(), addresses_.end(), client_) == addresses_.end()) {
      addresses_.push_back(client_);
    }
  }
  if (received.left_behind) {  // read already: input is taken as it comes
    taken_ = sync::UserStream();
    echo_acks_ = sync::EchoAckTracker();
    echo_ack_ = 0;
  }
  if (received.new_remote_state) TakeInput();
}

void TestServer::TakeInput() {
  bool applied = false;
  for (const sync::UserEvent& event : transport_.remote().EventsSince(taken_)) {
    applied = true;
    if (const auto* bytes = std::get_if<std::string>(&event)) {
      typed_ += *bytes;
      if (on_typed) on_typed(*bytes);
      continue;
    }
    sizes_.push_back(std::get<term::Size>(event));
    terminal_.Resize(sizes_.back());
    transport_.OnLocalChange(reactor_->Now());
  }
  if (applied) echo_acks_.OnInputApplied(transport_.remote_num().value, reactor_->Now());
  taken_ = transport_.remote();
  transport_.AcceptRemote();
}

void TestServer::Tick() {
  const Instant now = reactor_->Now();
  if (const uint64_t ack = echo_acks_.Advance(now); ack != echo_ack_) {
    echo_ack_ = ack;
    transport_.OnLocalChange(now);
  }
  for (int i = 0; i < 8 && now >= transport_.NextDeadline(); ++i) {
    sync::HostState state(terminal_.Snapshot(), echo_ack_);
    CHECK(transport_.OnDeadline(now, state, *this).ok());
  }
  over_ = (transport_.shutdown_in_progress() &&
           (transport_.shutdown_acknowledged() || transport_.ShutdownTimedOut(now))) ||
          (transport_.counterparty_shutdown() && transport_.shutdown_ack_sent());
}

}  // namespace mosh::client
