// One end of an SSP connection: keeps a local object in sync toward the peer and holds the peer's
// as received, over datagrams that may be lost, reordered, doubled or forged. Source:
// docs/spec/transport.md.
//
// Sans-IO: no clock, no socket. `now` is monotonic and must not decrease between calls. The order
// of calls:
//
//   datagram came in   OnDatagram(). If `newest`, move the peer's address to its source. If
//   `new_remote_state`, use
//                      remote(), then AcceptRemote().
//   local object did   OnLocalChange(). Not needed when nothing changed; harmless when it turns out
//   so. always, last       while (now >= NextDeadline()) OnDeadline(now, live, sink), which sends;
//   then arm one timer for
//                      NextDeadline(). Any call above may move the deadline either way.
//
// The live local object stays the caller's: a client passes its input stream, a server a snapshot
// made on demand. It is read, and trimmed of what the peer is known to have, only inside
// OnDeadline. Between a state sent and its acknowledgement the transport keeps copies.
//
// Errors: whatever the network brings is a ReceiveProblem and changes nothing. OnDeadline fails
// only when the key is used up (spec §2.4), or the numbers that it may use; that is final. One
// thread. The random source must outlive the transport.
#ifndef SSP_TRANSPORT_H_
#define SSP_TRANSPORT_H_

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "base/instant.h"
#include "crypto/nonce.h"
#include "crypto/random.h"
#include "crypto/session_cipher.h"
#include "ssp/capabilities.h"
#include "ssp/instruction_channel.h"
#include "ssp/predictions.h"
#include "ssp/receive_problem.h"
#include "ssp/receiver.h"
#include "ssp/sender.h"
#include "ssp/state.h"
#include "ssp/stats.h"
#include "ssp/transport_config.h"
#include "ssp/types.h"

namespace mosh::ssp {

template <LocalState Local, RemoteState Remote>
class Transport {
 public:
  // Both initial objects are state 0, which both ends must know without talking (spec §12). The
  // first datagram is due at once: it says hello (client) or follows the peer's first one (server,
  // see SetHasPeer).
  Transport(const TransportConfig& config, crypto::SessionCipher cipher,
            crypto::RandomSource* random, Local initial_local, Remote initial_remote, Instant now)
      : capabilities_(config.capabilities),
        incarnation_(config.incarnation),
        channel_(config, std::move(cipher), random),
        sender_(config, kMaxDiffBytes, initial_local, now),
        receiver_(config, initial_remote),
        last_new_state_at_(now) {
    if (capabilities_.Has(Capability::kResume)) {
      beginning_ = Beginning{config, std::move(initial_local), std::move(initial_remote)};
    }
  }

  Transport(Transport&&) = default;
  Transport& operator=(Transport&&) = default;

  // --- Receiving
  // ---------------------------------------------------------------------------------------------------

  struct Received {
    bool authentic = false;  // made by the holder of the key
    bool newest = false;     // and later than all before: its source is where the peer is now
    bool new_remote_state = false;  // remote() and remote_num() changed
    bool heartbeat = false;         // only in number: the peer is there and has nothing to say
    ReceiveProblem problem = ReceiveProblem::kNone;
    // Set if the client is a new process that continues the session (docs/extensions.md), which it
    // may be of a transport that announces kResume. Both objects are in state 0 again, and this is
    // what remote() was before; what it brought and nobody consumed is acknowledged and counts.
    std::optional<Remote> left_behind;
  };
  // Takes one datagram of any size; decrypts in place, so its bytes are garbage afterwards.
  Received OnDatagram(std::span<uint8_t> datagram, EcnMark ecn, Instant now);

  // Whether it is the peer's, for whoever has to find out whose it is; changes nothing.
  bool Authenticates(std::span<const uint8_t> datagram) { return channel_.Authenticates(datagram); }

  // The newest state received. Valid until the next OnDatagram or AcceptRemote.
  const Remote& remote() const { return receiver_.newest(); }
  StateNum remote_num() const { return receiver_.newest_num(); }
  // After consuming remote(): trims all received states by the oldest one, so that streams stay
  // short (spec §10).
  void AcceptRemote() { receiver_.SubtractOldest(); }

  // --- Sending
  // -----------------------------------------------------------------------------------------------------

  // The live object may differ from what OnDeadline last saw. The hint decides how long to collect
  // more.
  void OnLocalChange(Instant now, ChangeHint hint = ChangeHint::kBulk) {
    sender_.OnLocalChange(now, hint);
  }
  // Without a peer address (a server's state at first, and after PeerTracker forgot it) nothing is
  // ever due.
  void SetHasPeer(bool has_peer) { has_peer_ = has_peer; }
  // When to call OnDeadline: Instant::Max() is never, the past is now. Nothing is due without a
  // reason to send or, in a shutdown, to look at ShutdownTimedOut.
  Instant NextDeadline() const;
  // Sends what is due into `sink`: nothing, or the datagrams of one instruction, back to back.
  absl::Status OnDeadline(Instant now, Local& live, DatagramSink& sink);
  // The network refused a datagram for its size (EMSGSIZE): smaller ones for a while, and the lost
  // state again. May be called from inside DatagramSink::Send.
  void OnDatagramTooBig(Instant now) {
    channel_.OnDatagramTooBig(now);
    sender_.OnLastSendFailed();
  }
  // The sequence number of the next datagram, and the last that any may have: OnDeadline fails
  // rather than go beyond. Without a call there is no such limit.
  crypto::SequenceNumber next_sequence() const { return channel_.next_sequence(); }
  void AllowSequencesUpTo(crypto::SequenceNumber last) { channel_.AllowSequencesUpTo(last); }
  // Decides the size of datagrams; call it when the socket that sends changes family.
  void SetAddressFamily(AddressFamily family) { channel_.SetAddressFamily(family); }

  // --- Shutting down (spec §11.8)
  // ---------------------------------------------------------------------------------- Asking:
  // StartShutdown, keep running the loop, leave when shutdown_acknowledged() or ShutdownTimedOut().
  // Being asked: counterparty_shutdown() turns true and an answer is due at once. After
  // shutdown_ack_sent() one may leave; who can afford it stays until ShutdownSettlesAt() and so
  // answers again if the answer got lost.

  // The live object as of the next OnDeadline is final. Idempotent.
  void StartShutdown(Instant now) { sender_.StartShutdown(now); }
  bool shutdown_in_progress() const { return sender_.shutdown_in_progress(); }
  bool shutdown_acknowledged() const { return sender_.acked_num() == kShutdownNum; }
  bool ShutdownTimedOut(Instant now) const {
    return sender_.ShutdownTimedOut(now, channel_.path());
  }
  bool counterparty_shutdown() const { return receiver_.newest_num() == kShutdownNum; }
  bool shutdown_ack_sent() const { return sender_.shutdown_ack_sent(); }
  // Some time after the latest answer; Max() before there was one. Not part of NextDeadline.
  Instant ShutdownSettlesAt() const { return sender_.ShutdownSettlesAt(channel_.path()); }

  // --- Facts for the user interface and for policy
  // -----------------------------------------------------------------

  std::chrono::nanoseconds srtt() const { return channel_.rtt().srtt(); }
  std::chrono::nanoseconds rttvar() const { return channel_.rtt().rttvar(); }
  bool has_rtt_sample() const { return channel_.rtt().has_sample(); }
  // Time between frames in a steady stream: half a round trip in [20 ms, 250 ms].
  std::chrono::nanoseconds send_interval() const { return channel_.rtt().send_interval(); }
  // Arrival of the newest remote state; the transport's creation before there was one.
  Instant last_new_state_at() const { return last_new_state_at_; }
  // When the newest own state known to have arrived was sent; nullopt before the first complete
  // instruction came.
  std::optional<Instant> last_ack_of_send_at() const { return last_ack_of_send_at_; }
  StateNum sent_num() const { return sender_.last_num(); }
  StateNum acked_num() const { return sender_.acked_num(); }
  // The number the next changed state will get.
  StateNum next_num() const { return sender_.last_num().Next(); }
  // What the peer announced: empty before it did, and for ever with a stock peer. Complete when not
  // empty.
  Capabilities peer_capabilities() const { return peer_capabilities_; }
  // Which of the session's client processes this is, or talks to.
  uint64_t incarnation() const { return incarnation_; }
  Stats stats() const;
  // Share of our datagrams that the peer missed lately, 0..1, as it says; nothing if it never does.
  std::optional<double> outgoing_loss_rate() const {
    if (!peer_capabilities_.Has(Capability::kLossReports)) return std::nullopt;
    return peer_loss_rate_;
  }
  // Of a client: told to a server that announced kPredictionReports, beside what is sent anyway,
  // until it has arrived.
  void SetPredictions(const Predictions& predictions) {
    if (predictions == predictions_) return;
    predictions_ = predictions;
    predictions_known_at_ = sender_.last_num().Next();
  }
  // Of a server: what its client told last.
  const std::optional<Predictions>& peer_predictions() const { return peer_predictions_; }

 private:
  void UpdatePath(Instant now);
  // What a transport that can begin anew begins with.
  struct Beginning {
    TransportConfig config;
    Local local;
    Remote remote;
  };

  // Whether this comes from a client process that is to replace the present one.
  bool IsFromSuccessor(const InstructionView& instruction, bool newest) const;
  void BeginAnew(uint64_t incarnation, Instant now, Received& result);
  void OnInstruction(const InstructionView& instruction, bool newest, Instant now,
                     Received& result);

  Capabilities capabilities_;
  Capabilities peer_capabilities_;
  double peer_loss_rate_ = 0;  // of our datagrams, as the peer last said
  std::optional<Predictions> predictions_;
  StateNum predictions_known_at_;  // who has this state of ours has read them
  std::optional<Predictions> peer_predictions_;
  uint64_t incarnation_;
  std::optional<Beginning> beginning_;
  InstructionChannel channel_;
  Sender<Local> sender_;
  Receiver<Remote> receiver_;
  bool has_peer_ = true;
  Instant last_new_state_at_;
  std::optional<Instant> last_ack_of_send_at_;
  absl::Status fatal_;
};

}  // namespace mosh::ssp

#include "ssp/transport_inl.h"  // IWYU pragma: keep

#endif  // SSP_TRANSPORT_H_
