// An Endpoint: one client's connection to a session. One key, one SSP transport, and the address
// the client is at.
//
// Sends through an Outbox and waits for nothing: datagrams and time come in as calls, and
// NextDeadline() says when to call next. The order of calls is Transport's: OnDatagram, TakeInput,
// OnScreenChange as they come, then OnDeadline when due. A flush of the outbox may move the
// deadline too.
#ifndef SERVER_ENDPOINT_H_
#define SERVER_ENDPOINT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/udp_socket.h"
#include "server/outbox.h"
#include "ssp/compression.h"
#include "ssp/capabilities.h"
#include "ssp/peer_tracker.h"
#include "ssp/predictions.h"
#include "ssp/transport.h"
#include "sync/echo_ack_tracker.h"
#include "sync/host_state.h"
#include "sync/user_stream.h"
#include "term/screen.h"
#include "term/size.h"
#include "term/terminal_modes.h"

namespace mosh::server {

// One received datagram, wherever it came from.
struct ReceivedDatagram {
  std::span<uint8_t> bytes;  // decrypted in place
  io::SocketAddress from;
  io::SocketAddress to;
  io::EcnMark ecn = io::EcnMark::kNotEct;
  io::UdpSocket* socket = nullptr;  // that answers leave from
};

class Endpoint final : private Outbox::Sender {
 public:
  // `random` outlives the endpoint, and every socket that a datagram came by. `codec` may be shared
  // with others. `initial_size` is the size of the screen before any client spoke.
  Endpoint(const crypto::SessionKey& key, term::Size initial_size,
           std::shared_ptr<ssp::Codec> codec, crypto::RandomSource* random, Instant now);

  struct Arrival {
    bool authentic = false;
    bool newest = false;        // and later than all before
    bool peer_moved = false;    // the client is new, or at a new address
    bool client_state = false;  // the client said something new, if only that it is alive
    bool heartbeat = false;     // only that
    ssp::ReceiveProblem problem = ssp::ReceiveProblem::kNone;
  };
  Arrival OnDatagram(const ReceivedDatagram& datagram, Instant now);
  // Whether it is this client's. Changes nothing.
  bool Authenticates(std::span<const uint8_t> datagram) {
    return transport_.Authenticates(datagram);
  }

  // Input the client has sent and nobody has taken. While it isn't taken it stays, bounded, in the
  // transport.
  bool has_input() const { return !left_behind_.empty() || transport_.remote_num() != taken_num_; }
  std::vector<sync::UserEvent> TakeInput(Instant now);

  void OnScreenChange(ssp::ChangeHint hint, Instant now) { transport_.OnLocalChange(now, hint); }

  // The client reads terminal modes, and something is about to be sent: SetTerminalModes first.
  bool WantsTerminalModes(Instant now) const;
  void SetTerminalModes(std::optional<term::TerminalModes> modes) { modes_ = modes; }

  Instant NextDeadline() const;
  struct Sent {
    absl::Status fatal;           // not OK: the key is used up
    bool peer_forgotten = false;  // after 40 s of silence
  };
  // What the client should see, made only if something is sent and `version` is another than the
  // last time. Null while the program holds it back: then the client hears only acknowledgements.
  using Picture = absl::FunctionRef<term::Screen()>;
  // Puts what is due into the outbox.
  Sent OnDeadline(const Picture* picture, uint64_t version, Outbox& outbox, Instant now);

  bool has_peer() const { return peer_.has_peer(); }
  // The client's address; empty without a peer.
  io::SocketAddress peer() const { return peer_.peer().value_or(io::SocketAddress()); }
  // Arrival of its newest datagram; nullopt before there was one.
  std::optional<Instant> last_heard() const {
    return heard_ ? std::optional<Instant>(peer_.last_heard()) : std::nullopt;
  }

  // docs/spec/transport.md §11.8.
  void StartShutdown(Instant now) { transport_.StartShutdown(now); }
  bool shutdown_acknowledged() const { return transport_.shutdown_acknowledged(); }
  bool ShutdownTimedOut(Instant now) const { return transport_.ShutdownTimedOut(now); }
  bool peer_left() const {
    return transport_.counterparty_shutdown() && transport_.shutdown_ack_sent();
  }
  Instant ShutdownSettlesAt() const { return transport_.ShutdownSettlesAt(); }

  ssp::Stats stats() const { return transport_.stats(); }
  // What the client announced; empty for stock's.
  ssp::Capabilities client_capabilities() const { return transport_.peer_capabilities(); }
  // What it tells of itself; nothing from stock's.
  const std::optional<ssp::Predictions>& predictions() const {
    return transport_.peer_predictions();
  }
  std::optional<double> loss_to_client() const { return transport_.outgoing_loss_rate(); }
  bool has_rtt_sample() const { return transport_.has_rtt_sample(); }
  std::chrono::nanoseconds srtt() const { return transport_.srtt(); }
  std::chrono::nanoseconds rttvar() const { return transport_.rttvar(); }
  uint64_t send_failures() const { return send_failures_; }

 private:
  using Transport = ssp::Transport<sync::HostState, sync::UserStream>;
  class Sealed;

  bool OnSendFailed(const absl::Status& status, Instant now) override;
  // The client is another process now, with another stream of input and no screen yet.
  void OnClientReplaced(const sync::UserStream& former);

  Transport transport_;
  io::UdpSocket* socket_ = nullptr;  // that its client's newest datagram came by
  ssp::PeerTracker<io::SocketAddress> peer_;
  io::SocketAddress answer_from_;  // our address as the client knows it

  bool heard_ = false;

  sync::HostState shown_;  // what the transport was last given
  std::optional<term::TerminalModes> modes_;
  std::optional<uint64_t> shown_version_;
  sync::EchoAckTracker echo_;
  uint64_t echo_ack_ = 0;

  std::vector<sync::UserEvent> left_behind_;  // input of former client processes, not yet taken
  sync::UserStream taken_;
  ssp::StateNum taken_num_;
  uint64_t send_failures_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_ENDPOINT_H_
