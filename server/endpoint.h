// An Endpoint: one client's connection to a session. One key, one SSP transport, and the address
// the client is at.
//
// Sends through a socket but waits for nothing: datagrams and time come in as calls, and
// NextDeadline() says when to call next. The order of calls is Transport's: OnDatagram, TakeInput,
// OnScreenChange as they come, then OnDeadline when due.
#ifndef SERVER_ENDPOINT_H_
#define SERVER_ENDPOINT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/udp_socket.h"
#include "ssp/peer_tracker.h"
#include "ssp/transport.h"
#include "sync/echo_ack_tracker.h"
#include "sync/host_state.h"
#include "sync/user_stream.h"
#include "term/screen.h"
#include "term/size.h"

namespace mosh::server {

class Endpoint {
 public:
  // `socket` and `random` outlive the endpoint. `initial_size` is the size of the screen before any
  // client spoke.
  Endpoint(const crypto::SessionKey& key, term::Size initial_size, io::UdpSocket* socket,
           crypto::RandomSource* random, Instant now);

  struct Arrival {
    bool authentic = false;
    bool peer_moved = false;    // the client is new, or at a new address
    bool client_state = false;  // the client said something new, if only that it is alive
    ssp::ReceiveProblem problem = ssp::ReceiveProblem::kNone;
  };
  // Decrypts in place.
  Arrival OnDatagram(const io::Datagram& datagram, Instant now);

  // Input the client has sent and nobody has taken. While it isn't taken it stays, bounded, in the
  // transport.
  bool has_input() const { return !left_behind_.empty() || transport_.remote_num() != taken_num_; }
  std::vector<sync::UserEvent> TakeInput(Instant now);

  void OnScreenChange(ssp::ChangeHint hint, Instant now) { transport_.OnLocalChange(now, hint); }

  Instant NextDeadline() const;
  struct Sent {
    absl::Status fatal;           // not OK: the key is used up
    bool peer_forgotten = false;  // after 40 s of silence
  };
  // Sends what is due. `screen` is what the client should see; null while the program holds it
  // back: then the client hears only acknowledgements.
  Sent OnDeadline(const term::Screen* screen, Instant now);

  bool has_peer() const { return peer_.has_peer(); }
  // The client's address; empty without a peer.
  io::SocketAddress peer() const { return peer_.peer().value_or(io::SocketAddress()); }

  // docs/spec/transport.md §11.8.
  void StartShutdown(Instant now) { transport_.StartShutdown(now); }
  bool shutdown_acknowledged() const { return transport_.shutdown_acknowledged(); }
  bool ShutdownTimedOut(Instant now) const { return transport_.ShutdownTimedOut(now); }
  bool peer_left() const {
    return transport_.counterparty_shutdown() && transport_.shutdown_ack_sent();
  }
  Instant ShutdownSettlesAt() const { return transport_.ShutdownSettlesAt(); }

  ssp::Stats stats() const { return transport_.stats(); }
  std::chrono::nanoseconds srtt() const { return transport_.srtt(); }
  uint64_t send_failures() const { return send_failures_; }

 private:
  using Transport = ssp::Transport<sync::HostState, sync::UserStream>;
  class Outbox;

  void Flush(const Outbox& outbox, Instant now);
  // The client is another process now, with another stream of input and no screen yet.
  void OnClientReplaced(const sync::UserStream& former);

  io::UdpSocket* socket_;
  Transport transport_;
  ssp::PeerTracker<io::SocketAddress> peer_;
  io::SocketAddress answer_from_;  // our address as the client knows it

  sync::HostState shown_;  // what the transport was last given
  sync::EchoAckTracker echo_;
  uint64_t echo_ack_ = 0;

  std::vector<sync::UserEvent> left_behind_;  // input of former client processes, not yet taken
  sync::UserStream taken_;
  ssp::StateNum taken_num_;
  uint64_t send_failures_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_ENDPOINT_H_
