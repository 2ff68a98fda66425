// When to send again what has not even been missed yet. On a path that loses datagrams, waiting for
// the acknowledgement of a small state costs the user a round trip and more; a copy or a few right
// behind it cost some hundred octets. On a path that loses nothing there are no copies.
//
// A new state starts a series: copies at kOffsets after it, as many as bring the chance that none
// arrives below kResidual, until it is acknowledged. The first are for losses one by one, the
// later ones for bursts. A path of which nothing is known counts as a lossy one (docs/adr/0010).
//
// Limits, whatever the losses:
//   * Small states only (kMaxDiff).
//   * A budget of kOctetsPerSecond, of which at most a second's worth is saved up. A copy costs its
//     octets on the wire, at least kLeastCost: in the long run there are at most 40 in a second.
//   * None while the round trip is well above the shortest of late: then there is a queue, and the
//     losses may be its overflow.
//
// Answers are instants; Instant::Max() means never. Pure.
#ifndef SSP_REDUNDANCY_H_
#define SSP_REDUNDANCY_H_

#include <chrono>
#include <cstddef>

#include "base/instant.h"
#include "ssp/path.h"

namespace mosh::ssp {

class Redundancy {
 public:
  static constexpr size_t kMaxDiff = 4000;   // octets before compression: a screen of text
  static constexpr size_t kLeastCost = 120;  // octets
  static constexpr double kOctetsPerSecond = 4800;
  static constexpr double kResidual = 0.005;
  static constexpr int kMostCopies = 6;
  static constexpr double kUntriedLoss = 0.1;  // to be expected before anything is known

  explicit Redundancy(Instant now) : budget_at_(now), minimum_since_(now) {}

  // Share of our datagrams that does not arrive, as far as is known; kUntriedLoss until told.
  void OnLossRate(double rate) { loss_rate_ = rate; }
  // Watches the round trip.
  void OnPath(const Path& path, Instant now);

  // A state somebody waits for left for the first time. It replaces the one before, whose content
  // it carries along.
  void OnNewState(Instant now, size_t diff_octets);
  // The state left again, as a copy of the series or otherwise, or inside a later one.
  void OnCarried() { ++copies_; }
  // A copy of so many octets, IP and UDP headers included, was made.
  void Charge(Instant now, size_t octets);
  // There is nothing left to repeat.
  void Stop() { active_ = false; }

  // When the next copy is due.
  Instant CopyDue() const;

 private:
  int CopiesWanted() const;
  // When the budget allows another copy.
  Instant AffordableAt() const;

  double loss_rate_ = kUntriedLoss;
  bool active_ = false;
  Instant started_;
  int copies_ = 0;

  double budget_ = kOctetsPerSecond;  // at budget_at_
  Instant budget_at_;

  // The shortest round trip of the current and the previous span of kMinimumSpan.
  static constexpr std::chrono::seconds kMinimumSpan{60};
  std::chrono::nanoseconds minimum_ = std::chrono::nanoseconds::max();
  std::chrono::nanoseconds minimum_before_ = std::chrono::nanoseconds::max();
  Instant minimum_since_;
  bool queue_ = false;
};

}  // namespace mosh::ssp

#endif  // SSP_REDUNDANCY_H_
