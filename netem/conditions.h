// What a bad network does to datagrams, as plain numbers: one LinkConditions for each direction of
// a path.
//
// Probabilities are 0..1 for each datagram and independent of each other. The order of effects is
// that of a real path: blackout, loss and bursts, MTU, corruption, the queue of the bottleneck
// (rate), then propagation (delay, jitter, reordering); a duplicate or a replayed datagram is
// another one that enters the bottleneck. Values only; see profile.h for the text form and link.h
// for the machine.
#ifndef NETEM_CONDITIONS_H_
#define NETEM_CONDITIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mosh::netem {

// IP and UDP headers, which a bottleneck also has to carry (IPv4: 20 + 8). Counted for `rate_bps`,
// not for `mtu`'s caller: an mtu of 1280 passes datagrams with up to 1252 octets of payload.
inline constexpr size_t kHeaderBytes = 28;

inline constexpr std::chrono::seconds kFillPeriod{12};

// Nothing passes from `start` for `length`, counted from Instant(), the clock's origin; again every
// `period` if that is not zero. Datagrams already under way arrive.
struct Blackout {
  std::chrono::nanoseconds start{0};
  std::chrono::nanoseconds length{0};
  std::chrono::nanoseconds period{0};

  friend bool operator==(const Blackout&, const Blackout&) = default;
};

struct LinkConditions {
  // One way. With jitter each datagram's delay is uniform in delay ± jitter (not below 0). Jitter
  // alone does not reorder: a datagram never leaves before an earlier one.
  std::chrono::nanoseconds delay{0};
  std::chrono::nanoseconds jitter{0};

  double loss = 0;

  // Gilbert-Elliott: in the good state `loss` applies, in the bad one `burst_loss`. Before each
  // datagram the state changes with these probabilities; a burst therefore lasts 1 / burst_leave
  // datagrams on the average.
  double burst_enter = 0;
  double burst_leave = 1;
  double burst_loss = 1;

  // Share of datagrams held back for another `reorder_delay`, so that later ones overtake them.
  double reorder = 0;
  std::chrono::nanoseconds reorder_delay = std::chrono::milliseconds(20);

  double duplicate = 0;
  // Share in which one to four bits are flipped.
  double corrupt = 0;
  // For this share of datagrams, one of the last 64 that were pushed comes along once more: an
  // attacker with a tape recorder, or a confused network.
  double replay = 0;
  // Share that a congested router marks (ECN: Congestion Experienced) instead of dropping.
  double mark = 0;

  // Bits a second through the bottleneck, 0 = unlimited; datagrams that find `queue_bytes` waiting
  // are dropped.
  uint64_t rate_bps = 0;
  size_t queue_bytes = 64 * 1024;
  // Somebody else's download keeps that queue filled to this share at the most: it grows from 70%
  // of that over kFillPeriod and falls back, as with TCP CUBIC. Means nothing without a rate.
  double fill = 0;

  // Largest IP datagram that passes, 0 = any. Larger ones vanish without notice, as behind a broken
  // tunnel.
  size_t mtu = 0;

  std::vector<Blackout> blackouts;

  friend bool operator==(const LinkConditions&, const LinkConditions&) = default;
};

// Up is from the client to the server.
struct PathConditions {
  LinkConditions up;
  LinkConditions down;

  friend bool operator==(const PathConditions&, const PathConditions&) = default;
};

}  // namespace mosh::netem

#endif  // NETEM_CONDITIONS_H_
