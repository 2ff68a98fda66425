// What a transport may be told at birth. Client() and Server() name the two usual sets. Units are
// in the types. Every value is legal toward a stock peer.
#ifndef SSP_TRANSPORT_CONFIG_H_
#define SSP_TRANSPORT_CONFIG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "ssp/capabilities.h"
#include "ssp/types.h"

namespace mosh::ssp {

class Codec;

// How long changes of the local object are collected before they leave in one instruction. An
// isolated change (ChangeHint) does not wait; a run waits until it pauses for `quiet`, but never
// longer than `at_most`.
struct CollectionPolicy {
  std::chrono::nanoseconds quiet = std::chrono::microseconds(1500);
  std::chrono::nanoseconds at_most = std::chrono::milliseconds(8);

  static CollectionPolicy AtOnce() { return {.quiet = {}, .at_most = {}}; }
};

// Instructions leave at a steady rate of one per frame interval; unused ones are saved up to
// `burst`, so that a key that follows an acknowledgement need not wait (spec §11.4: stock's burst
// is 1). Until the first round trip is measured the frame interval is a guess of 250 ms, hence the
// larger first allowance.
struct PacingPolicy {
  int burst = 3;
  int startup_burst = 6;
};

// When an end that has nothing to say is heard all the same: so long after its last send of
// anything (spec §11.5; stock's is 3 s, and it warns its user 6.5 s after what it heard last). One
// that would be due within `joins` leaves as soon as the peer's comes: an end that wakes up for
// that anyway then has one occasion instead of two, as long as its interval is the longer one. At
// most one of two peers may do so.
struct HeartbeatPolicy {
  std::chrono::milliseconds interval{3000};
  std::chrono::milliseconds joins{0};
};

struct TransportConfig {
  CollectionPolicy collection;
  PacingPolicy pacing;
  HeartbeatPolicy heartbeat;
  AddressFamily family = AddressFamily::kIpv4;

  // What to announce. The users of a transport add what they understand themselves to what it does.
  Capabilities capabilities = Capabilities(Capability::kLongAckDelay) | Capability::kLossReports;

  // Of a client: which of the session's client processes this is, counted from 0. Beyond the first
  // only toward a server that announced kResume.
  uint64_t incarnation = 0;

  // Retransmit without the peer's 100 ms of possible acknowledgement delay while losses are being
  // seen. For a client: its keys are answered at once, by echoes. What the server says is not.
  bool retransmit_early_on_loss = false;

  // Send small states more than once on a path that loses datagrams.
  bool redundancy = true;

  // How late this end acknowledges a peer that allows for it, and how late it allows the peer to
  // (kLongAckDelay). Stock's 100 ms where nothing else is agreed.
  std::chrono::milliseconds late_ack_delay{100};
  std::chrono::milliseconds late_ack_allowance{200};

  // The initiator of a shutdown gives up after this many instructions or this long (spec §11.8).
  int shutdown_tries = 16;
  std::chrono::milliseconds shutdown_timeout{10000};

  // Received states are refused beyond these (spec §10 step 6).
  size_t max_remote_states = 1024;
  size_t max_remote_bytes = size_t{64} << 20;

  // Compressors are large (about a megabyte); the transports of one thread can share one. Null: the
  // transport's own.
  std::shared_ptr<Codec> codec;

  static TransportConfig Server() {
    TransportConfig config;
    config.heartbeat = {.interval = std::chrono::milliseconds(3300),
                        .joins = std::chrono::milliseconds(1500)};
    return config;
  }
  static TransportConfig Client() {
    TransportConfig config;
    config.collection = CollectionPolicy::AtOnce();
    config.retransmit_early_on_loss = true;
    config.late_ack_delay = std::chrono::milliseconds(200);
    config.late_ack_allowance = std::chrono::milliseconds(100);
    config.shutdown_timeout = std::chrono::milliseconds(4000);
    return config;
  }
};

}  // namespace mosh::ssp

#endif  // SSP_TRANSPORT_CONFIG_H_
