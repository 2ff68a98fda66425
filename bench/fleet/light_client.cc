#include "bench/fleet/light_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/check.h"
#include "crypto/nonce.h"
#include "crypto/route_tag.h"
#include "crypto/session_cipher.h"
#include "ssp/transport_config.h"

namespace mosh::bench {
namespace {

ssp::TransportConfig ConfigWith(std::shared_ptr<ssp::Codec> codec) {
  ssp::TransportConfig config = ssp::TransportConfig::Client();
  config.codec = std::move(codec);
  return config;
}

crypto::SequenceNumber First(const crypto::SessionKey& key, LightClient::Start start) {
  if (start == LightClient::Start::kAtZero) return {0};
  return crypto::RouteTag::Of(key).FirstSequence();
}

}  // namespace

LightClient::LightClient(io::Reactor* reactor, const io::SocketAddress& server,
                         const crypto::SessionKey& key, Start start,
                         std::shared_ptr<ssp::Codec> codec, crypto::RandomSource* random)
    : io::TimerNode(&reactor->timers()),
      reactor_(reactor),
      server_(server),
      transport_(ConfigWith(std::move(codec)),
                 crypto::SessionCipher(key, crypto::Direction::kToServer, First(key, start)),
                 random, sync::UserStream(), sync::HostState(term::Size()), reactor->Now()) {
  input_.PushResize(term::Size());
}

LightClient::~LightClient() = default;

void LightClient::Connect(io::Scope* scope) {
  auto socket = reactor_->BindUdp(io::SocketAddress::LoopbackV4(0), io::UdpOptions());
  CHECK(socket.ok());
  socket_ = *std::move(socket);
  scope->Spawn(Receive(scope->token()));
  Tick();
}

io::Task<void> LightClient::Close() {
  DisarmNode();
  if (socket_ != nullptr) co_await socket_->Close();
}

io::Task<void> LightClient::Receive(io::StopToken stop) {
  while (true) {
    const absl::StatusOr<io::Datagram> datagram = co_await socket_->Receive(stop);
    if (!datagram.ok()) co_return;
    const auto received = transport_.OnDatagram(
        datagram->bytes(), static_cast<ssp::EcnMark>(datagram->ecn()), reactor_->Now());
    if (received.new_remote_state) {
      transport_.AcceptRemote();
      Look();
    }
    Tick();
  }
}

void LightClient::Look() {
  const char32_t corner = transport_.remote().screen().cell(0, 0).code_point();
  up_ = up_ || corner == '$';
  const auto shown =
      std::find_if(under_way_.rbegin(), under_way_.rend(), [corner](const Key& key) {
        return static_cast<char32_t>(key.letter) == corner;
      });
  const double now = NowMillis();
  for (auto keys = under_way_.rend() - shown; keys > 0; --keys) {
    under_way_.front().samples->Add(now - under_way_.front().typed_at);
    under_way_.pop_front();
  }
}

void LightClient::TypeKey(Samples* samples) {
  const char key = static_cast<char>('a' + ++keys_ % 26);
  under_way_.push_back({key, NowMillis(), samples});
  input_.PushBytes(absl::string_view(&key, 1));
  transport_.OnLocalChange(reactor_->Now(), ssp::ChangeHint::kIsolated);
  Tick();
}

void LightClient::Tick() {
  while (reactor_->Now() >= transport_.NextDeadline()) {
    CHECK(transport_.OnDeadline(reactor_->Now(), input_, *this).ok());
  }
  ArmNode(transport_.NextDeadline());
}

void LightClient::Send(std::span<const uint8_t> datagram) {
  static_cast<void>(socket_->SendNow(datagram, server_));
}

}  // namespace mosh::bench
