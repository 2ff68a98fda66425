// Counters of one transport since its creation, for people and for management. Plain values;
// reading costs nothing.
#ifndef SSP_STATS_H_
#define SSP_STATS_H_

#include <cstdint>

namespace mosh::ssp {

struct Stats {
  struct Direction {
    uint64_t datagrams = 0;     // received: authentic ones only
    uint64_t bytes = 0;         // of UDP payload
    uint64_t instructions = 0;  // complete ones
    uint64_t empty_acks = 0;    // of those, without a diff
  };
  Direction sent;
  Direction received;

  // States that were not the same as the one before, each counted once.
  uint64_t states_sent = 0;
  uint64_t states_received = 0;

  uint64_t auth_failures =
      0;                   // datagrams that did not authenticate: strangers, damage, a wrong key
  uint64_t malformed = 0;  // authentic, yet not understood
  uint64_t refused_states = 0;  // not stored because of the state or byte bound
  uint64_t duplicates = 0;      // instructions whose state was here already
  uint64_t unknown_bases =
      0;  // instructions built on a state that is not here: reordered, or their base was lost
  uint64_t other_incarnations = 0;  // instructions from or for another process of the client
  uint64_t out_of_order = 0;      // authentic datagrams older than one seen before
  uint64_t congestion_marks = 0;  // datagrams that arrived with a CE mark
  uint64_t retransmissions = 0;   // instructions that repeated a state sent before
  uint64_t redundant_copies = 0;  // repeated before anything was missed
  uint64_t too_big = 0;           // datagrams the local network refused for their size
  uint64_t unsendable_diffs = 0;  // diffs over the limit of a state object that can't be limited
  uint64_t lost_incoming = 0;     // gaps in the peer's sequence numbers that nothing filled in time
  double incoming_loss_rate =
      0;  // share of the peer's latest few dozen datagrams that never came; 0..1
};

}  // namespace mosh::ssp

#endif  // SSP_STATS_H_
