#include "server/testing/test_client.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "crypto/nonce.h"
#include "crypto/route_tag.h"
#include "crypto/session_cipher.h"
#include "io/timer.h"
#include "ssp/transport_config.h"

namespace mosh::server {

TestClient::TestClient(io::Reactor* reactor, const io::SocketAddress& server,
                       const crypto::SessionKey& key, crypto::RandomSource* random, term::Size size,
                       Start start)
    : reactor_(reactor),
      server_(server),
      transport_(
          ssp::TransportConfig::Client(),
          crypto::SessionCipher(key, crypto::Direction::kToServer,
                                start == Start::kAtTag ? crypto::RouteTag::Of(key).FirstSequence()
                                                       : crypto::SequenceNumber{0}),
          random, sync::UserStream(), sync::HostState(size), reactor->Now()) {
  Resize(size);
}

TestClient::TestClient(io::Reactor* reactor, const io::SocketAddress& server,
                       const crypto::SessionKey& key, crypto::RandomSource* random, term::Size size,
                       uint64_t incarnation)
    : reactor_(reactor),
      server_(server),
      transport_(
          [incarnation] {
            ssp::TransportConfig config = ssp::TransportConfig::Client();
            config.incarnation = incarnation;
            return config;
          }(),
          // Beyond whatever earlier ones have used.
          crypto::SessionCipher(
              key, crypto::Direction::kToServer,
              {crypto::RouteTag::Of(key).FirstSequence().value + (incarnation << 20)}),
          random, sync::UserStream(), sync::HostState(size), reactor->Now()) {
  Resize(size);
}

void TestClient::Hop() { Hop(server_.family() == AF_INET6 ? "::" : "0.0.0.0"); }

void TestClient::Hop(absl::string_view host) {
  absl::StatusOr<std::unique_ptr<io::UdpSocket>> socket =
      reactor_->BindUdp(*io::SocketAddress::Parse(host, 0), io::UdpOptions());
  CHECK(socket.ok());
  sockets_.push_back(*std::move(socket));
  scope_.Spawn(Receive(sockets_.back().get(), scope_.token()));
}

io::Task<void> TestClient::Receive(io::UdpSocket* socket, io::StopToken stop) {
  while (true) {
    const absl::StatusOr<io::Datagram> datagram = co_await socket->Receive(stop);
    if (!datagram.ok()) co_return;
    const auto received = transport_.OnDatagram(
        datagram->bytes(), static_cast<ssp::EcnMark>(datagram->ecn()), reactor_->Now());
    if (received.new_remote_state) transport_.AcceptRemote();
    wake_.Set();
    progress_.Set();
  }
}

io::Task<void> TestClient::Run() {
  Hop();
  io::Timer timer(reactor_, &wake_);
  while (!stopping_) {
    Tick();
    over_ = transport_.shutdown_acknowledged() || transport_.shutdown_ack_sent() ||
            transport_.ShutdownTimedOut(reactor_->Now());
    if (over_) break;
    timer.Arm(transport_.NextDeadline());
    const absl::Status woken = co_await wake_.Wait();
    static_cast<void>(woken);
    wake_.Reset();
  }
  timer.Disarm();
  over_ = true;
  progress_.Set();
  co_await scope_.CancelAndJoin();
  for (const std::unique_ptr<io::UdpSocket>& socket : sockets_) co_await socket->Close();
}

void TestClient::Stop() {
  stopping_ = true;
  wake_.Set();
}

void TestClient::Tick() {
  while (reactor_->Now() >= transport_.NextDeadline()) {
    CHECK(transport_.OnDeadline(reactor_->Now(), input_, *this).ok());
  }
}

void TestClient::Send(std::span<const uint8_t> datagram) {
  static_cast<void>(sockets_.back()->SendNow(datagram, server_));
}

void TestClient::Changed() {
  transport_.OnLocalChange(reactor_->Now(), ssp::ChangeHint::kIsolated);
  wake_.Set();
}

void TestClient::Type(absl::string_view bytes) {
  input_.PushBytes(bytes);
  Changed();
}

void TestClient::Resize(term::Size size) {
  input_.PushResize(size);
  Changed();
}

void TestClient::StartShutdown() {
  transport_.StartShutdown(reactor_->Now());
  wake_.Set();
}

io::Task<bool> TestClient::WaitUntil(std::function<bool()> done, Instant limit) {
  io::Timer timer(reactor_, &progress_);
  timer.Arm(limit);
  while (!done()) {
    if (reactor_->Now() >= limit || over_) co_return done();
    const absl::Status woken = co_await progress_.Wait();
    static_cast<void>(woken);
    progress_.Reset();
  }
  co_return true;
}

std::string TestClient::Text() const {
  std::string text;
  size_t written = 0;
  for (int row = 0; row < screen().rows(); ++row) {
    absl::StrAppend(&text, row == 0 ? "" : "\n", screen().RowText(row));
    if (!screen().RowText(row).empty()) written = text.size();
  }
  text.resize(written);
  return text;
}

bool TestClient::Shows(absl::string_view text) const { return absl::StrContains(Text(), text); }

}  // namespace mosh::server
