// One direction of a bad network path, sans-IO: datagrams are pushed in at one time and can be
// popped at a later one.
//
//   link.Push(datagram, now);  ...  while (auto d = link.Pop(now)) deliver(*d);  wake at
//   link.NextDeadline();
//
// Deterministic: conditions, seed and the sequence of calls decide everything. `now` must not go
// backwards; Push and Pop may be called at the same instant. Memory is bounded: kMaxHeld datagrams
// under way, further ones are dropped. Plain value, movable and copyable; no clock, no I/O, no
// thread.
#ifndef NETEM_LINK_H_
#define NETEM_LINK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/instant.h"
#include "netem/conditions.h"

namespace mosh::netem {

// SplitMix64: small, seedable, the same on every platform.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }  // [0, 1)
  // Draws only when the answer is open, so that an unused knob leaves the sequence of the others
  // alone.
  bool Chance(double probability);
  uint64_t Below(uint64_t bound) { return Next() % bound; }  // bound > 0

 private:
  uint64_t state_;
};

struct LinkStats {
  uint64_t pushed = 0, pushed_bytes = 0;  // UDP payload
  uint64_t delivered = 0, delivered_bytes = 0;
  uint64_t lost = 0;  // loss and bursts
  uint64_t blacked_out = 0;
  uint64_t too_big = 0;     // mtu
  uint64_t queue_full = 0;  // bottleneck, or kMaxHeld
  uint64_t corrupted = 0, duplicated = 0, replayed = 0, reordered = 0, marked = 0;

  uint64_t dropped() const { return lost + blacked_out + too_big + queue_full; }
};

class Link {
 public:
  static constexpr size_t kMaxHeld = 65536;

  Link(LinkConditions conditions, uint64_t seed);

  // `tag` comes out again with the datagram (and with each copy of it): where to send it, for
  // instance.
  void Push(std::span<const uint8_t> datagram, Instant now, uint64_t tag = 0);

  // When the next datagram is due; Max() = none under way.
  Instant NextDeadline() const;

  struct Delivery {
    std::vector<uint8_t> datagram;
    uint64_t tag;
    bool marked = false;  // LinkConditions::mark: to be delivered as Congestion Experienced if it
                          // is ECN-capable
  };
  // The next datagram that is due at `now`, in order of due time. Empty: none.
  std::optional<Delivery> PopTagged(Instant now);
  std::optional<std::vector<uint8_t>> Pop(Instant now);

  // What is under way stays so; what comes later meets the new conditions and may overtake it, as
  // on a new path.
  void SetConditions(LinkConditions conditions);
  const LinkConditions& conditions() const { return conditions_; }
  const LinkStats& stats() const { return stats_; }
  size_t held() const { return heap_.size(); }

 private:
  struct Held {
    Instant due;
    uint64_t order;  // of entry: equal due times leave in order
    Delivery delivery;
  };
  static bool LeavesLater(const Held& a, const Held& b);

  bool InBlackout(Instant now) const;
  bool LosesNext();
  void Corrupt(std::vector<uint8_t>& datagram);
  void Remember(std::span<const uint8_t> datagram, uint64_t tag);
  // Through the bottleneck and onto the wire.
  void Enter(std::vector<uint8_t> datagram, Instant now, uint64_t tag);

  LinkConditions conditions_;
  Random random_;
  bool in_burst_ = false;
  Instant bottleneck_free_;  // when the last accepted datagram has been serialised
  Instant last_due_;         // of the newest datagram that keeps order
  uint64_t next_order_ = 0;
  std::vector<Held> heap_;  // std::push_heap with LeavesLater: the next to leave is in front
  std::deque<Delivery> tape_;
  LinkStats stats_;
};

}  // namespace mosh::netem

#endif  // NETEM_LINK_H_
