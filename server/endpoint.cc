#include "server/endpoint.h"

#include <algorithm>
#include <utility>

#include "crypto/nonce.h"
#include "crypto/session_cipher.h"
#include "ssp/capabilities.h"
#include "ssp/transport_config.h"

namespace mosh::server {
namespace {

// One turn sends at most this many instructions; the rest is due at once in the next. A backstop,
// not a rate.
constexpr int kInstructionsPerTurn = 8;

ssp::TransportConfig ConfigWith(std::shared_ptr<ssp::Codec> codec) {
  ssp::TransportConfig config = ssp::TransportConfig::Server();
  config.codec = std::move(codec);
  config.capabilities |= ssp::Capability::kResume;
  config.capabilities |= ssp::Capability::kPredictionReports;
  return config;
}

}  // namespace

// Addresses the datagrams of one instruction.
class Endpoint::Sealed final : public ssp::DatagramSink {
 public:
  Sealed(Endpoint* endpoint, Outbox* outbox) : endpoint_(endpoint), outbox_(outbox) {}
  void Send(std::span<const uint8_t> datagram) override {
    outbox_->Add(endpoint_, endpoint_->socket_, datagram, endpoint_->peer(),
                 endpoint_->answer_from_);
    any_ = true;
  }
  bool any() const { return any_; }

 private:
  Endpoint* endpoint_;
  Outbox* outbox_;
  bool any_ = false;
};

Endpoint::Endpoint(const crypto::SessionKey& key, term::Size initial_size,
                   std::shared_ptr<ssp::Codec> codec, crypto::RandomSource* random, Instant now)
    : transport_(ConfigWith(std::move(codec)),
                 crypto::SessionCipher(key, crypto::Direction::kToClient), random,
                 sync::HostState(initial_size), sync::UserStream(), now),
      shown_(initial_size) {
  transport_.SetHasPeer(false);
}

Endpoint::Arrival Endpoint::OnDatagram(const ReceivedDatagram& datagram, Instant now) {
  const auto received =
      transport_.OnDatagram(datagram.bytes, static_cast<ssp::EcnMark>(datagram.ecn), now);
  if (received.left_behind) OnClientReplaced(*received.left_behind);
  Arrival arrival;
  arrival.authentic = received.authentic;
  arrival.newest = received.newest;
  arrival.client_state = received.new_remote_state;
  arrival.heartbeat = received.heartbeat;
  arrival.problem = received.problem;
  if (received.newest) {
    heard_ = true;
    socket_ = datagram.socket;
    answer_from_ = datagram.to;
    arrival.peer_moved = peer_.OnReceived(true, datagram.from, now);
  }
  if (arrival.peer_moved) {
    const bool is_v4 = datagram.from.Unmapped().family() == AF_INET;
    transport_.SetAddressFamily(is_v4 ? ssp::AddressFamily::kIpv4 : ssp::AddressFamily::kIpv6);
    transport_.SetHasPeer(true);
  }
  return arrival;
}

void Endpoint::OnClientReplaced(const sync::UserStream& former) {
  const std::vector<sync::UserEvent> unread = former.EventsSince(taken_);
  left_behind_.insert(left_behind_.end(), unread.begin(), unread.end());
  taken_ = sync::UserStream();
  taken_num_ = ssp::StateNum{0};
  // State numbers begin again, and with them what was echoed.
  echo_ = sync::EchoAckTracker();
  echo_ack_ = 0;
  shown_ = sync::HostState(shown_.screen(), echo_ack_);
}

std::vector<sync::UserEvent> Endpoint::TakeInput(Instant now) {
  std::vector<sync::UserEvent> events = std::exchange(left_behind_, {});
  const std::vector<sync::UserEvent> more = transport_.remote().EventsSince(taken_);
  events.insert(events.end(), more.begin(), more.end());
  taken_ = transport_.remote();
  taken_num_ = transport_.remote_num();
  transport_.AcceptRemote();
  // The number of a goodbye says nothing about when the program saw the input.
  if (!events.empty() && taken_num_ != ssp::kShutdownNum) {
    echo_.OnInputApplied(taken_num_.value, now);
  }
  return events;
}

bool Endpoint::WantsTerminalModes(Instant now) const {
  return now >= NextDeadline() &&
         transport_.peer_capabilities().Has(ssp::Capability::kTerminalModes);
}

Instant Endpoint::NextDeadline() const {
  return std::min(transport_.NextDeadline(), echo_.NextDeadline());
}

Endpoint::Sent Endpoint::OnDeadline(const Picture* picture, uint64_t version, Outbox& outbox,
                                    Instant now) {
  Sent sent;
  const uint64_t echo_ack = echo_.Advance(now);
  if (echo_ack != echo_ack_) {
    echo_ack_ = echo_ack;
    // A screen that is held back shows no input yet; the acknowledgement follows with it. By itself
    // it is worth a datagram only when nothing else needs the line.
    if (picture != nullptr) transport_.OnLocalChange(now, ssp::ChangeHint::kBackground);
  }
  for (int i = 0; i < kInstructionsPerTurn && has_peer() && now >= transport_.NextDeadline(); ++i) {
    if (picture != nullptr && (version != shown_version_ || echo_ack_ != shown_.echo_ack() ||
                               modes_ != shown_.terminal_modes())) {
      shown_ = sync::HostState((*picture)(), echo_ack_);
      shown_.SetTerminalModes(modes_);
      shown_version_ = version;
    }
    Sealed sealed(this, &outbox);
    sent.fatal = transport_.OnDeadline(now, shown_, sealed);
    if (!sent.fatal.ok()) return sent;
    if (!sealed.any()) continue;
    if (outbox.full()) outbox.Flush(now);
    if (peer_.OnSent(now)) {
      transport_.SetHasPeer(false);
      sent.peer_forgotten = true;
    }
  }
  return sent;
}

bool Endpoint::OnSendFailed(const absl::Status& status, Instant now) {
  if (absl::IsOutOfRange(status)) {
    transport_.OnDatagramTooBig(now);
  } else if (!absl::IsResourceExhausted(status) && !answer_from_.empty()) {
    // The address the client knows us by may be gone from this machine: let the kernel choose
    // another.
    answer_from_ = io::SocketAddress();
    return true;
  }
  ++send_failures_;
  return false;
}

}  // namespace mosh::server
