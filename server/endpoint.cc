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

ssp::TransportConfig Config() {
  ssp::TransportConfig config = ssp::TransportConfig::Server();
  config.capabilities |= ssp::Capability::kResume;
  return config;
}

}  // namespace

// Collects the datagrams of one instruction, so that they leave in one system call.
class Endpoint::Outbox final : public ssp::DatagramSink {
 public:
  void Send(std::span<const uint8_t> datagram) override {
    bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
    ends_.push_back(bytes_.size());
  }
  bool empty() const { return ends_.empty(); }

  std::vector<io::OutgoingDatagram> AddressedTo(const io::SocketAddress& to,
                                                const io::SocketAddress& from) const {
    std::vector<io::OutgoingDatagram> datagrams;
    datagrams.reserve(ends_.size());
    size_t begin = 0;
    for (const size_t end : ends_) {
      datagrams.push_back({std::span(bytes_).subspan(begin, end - begin), to, from});
      begin = end;
    }
    return datagrams;
  }

 private:
  std::vector<uint8_t> bytes_;
  std::vector<size_t> ends_;
};

Endpoint::Endpoint(const crypto::SessionKey& key, term::Size initial_size, io::UdpSocket* socket,
                   crypto::RandomSource* random, Instant now)
    : socket_(socket),
      transport_(Config(), crypto::SessionCipher(key, crypto::Direction::kToClient), random,
                 sync::HostState(initial_size), sync::UserStream(), now),
      shown_(initial_size) {
  transport_.SetHasPeer(false);
}

Endpoint::Arrival Endpoint::OnDatagram(const io::Datagram& datagram, Instant now) {
  const auto received =
      transport_.OnDatagram(datagram.bytes(), static_cast<ssp::EcnMark>(datagram.ecn()), now);
  if (received.left_behind) OnClientReplaced(*received.left_behind);
  Arrival arrival;
  arrival.authentic = received.authentic;
  arrival.client_state = received.new_remote_state;
  arrival.problem = received.problem;
  if (received.newest) {
    answer_from_ = datagram.to();
    arrival.peer_moved = peer_.OnReceived(true, datagram.from(), now);
  }
  if (arrival.peer_moved) {
    const bool is_v4 = datagram.from().Unmapped().family() == AF_INET;
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

Instant Endpoint::NextDeadline() const {
  return std::min(transport_.NextDeadline(), echo_.NextDeadline());
}

Endpoint::Sent Endpoint::OnDeadline(const term::Screen* screen, Instant now) {
  Sent sent;
  const uint64_t echo_ack = echo_.Advance(now);
  if (echo_ack != echo_ack_) {
    echo_ack_ = echo_ack;
    // A screen that is held back shows no input yet; the acknowledgement follows with it. By itself
    // it is worth a datagram only when nothing else needs the line.
    if (screen != nullptr) transport_.OnLocalChange(now, ssp::ChangeHint::kBackground);
  }
  for (int i = 0; i < kInstructionsPerTurn && has_peer() && now >= transport_.NextDeadline(); ++i) {
    if (screen != nullptr) shown_ = sync::HostState(*screen, echo_ack_);
    Outbox outbox;
    sent.fatal = transport_.OnDeadline(now, shown_, outbox);
    if (!sent.fatal.ok()) return sent;
    if (outbox.empty()) continue;
    Flush(outbox, now);
    if (peer_.OnSent(now)) {
      transport_.SetHasPeer(false);
      sent.peer_forgotten = true;
    }
  }
  return sent;
}

void Endpoint::Flush(const Outbox& outbox, Instant now) {
  std::vector<io::OutgoingDatagram> datagrams = outbox.AddressedTo(peer(), answer_from_);
  std::span<const io::OutgoingDatagram> rest = datagrams;
  while (!rest.empty()) {
    const io::BatchResult result = socket_->SendBatch(rest);
    rest = rest.subspan(result.sent);
    if (rest.empty()) return;
    if (absl::IsOutOfRange(result.status)) {
      transport_.OnDatagramTooBig(now);
    } else if (!absl::IsResourceExhausted(result.status) && !answer_from_.empty()) {
      // The address the client knows us by may be gone from this machine: let the kernel choose
      // another.
      answer_from_ = io::SocketAddress();
      for (io::OutgoingDatagram& datagram : datagrams) datagram.from = answer_from_;
      continue;
    }
    ++send_failures_;
    rest = rest.subspan(1);
  }
}

}  // namespace mosh::server
