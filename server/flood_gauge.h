// Whether strangers flood a socket, and what share of their datagrams can be read without their
// taking more than a little of the processor. Pure; time comes in.
#ifndef SERVER_FLOOD_GAUGE_H_
#define SERVER_FLOOD_GAUGE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/instant.h"

namespace mosh::server {

class FloodGauge {
 public:
  // Of strangers' datagrams, so many a second are a flood.
  static constexpr double kFlood = 20'000;
  // So many are still read, at a microsecond or less each: clients at new addresses are among them,
  // and one datagram that is read makes its address known.
  static constexpr double kRead = 25'000;
  static constexpr std::chrono::milliseconds kWindow{20};
  // A flood is over after so long without one.
  static constexpr std::chrono::seconds kCalm{1};

  explicit FloodGauge(Instant now) : window_began_(now) {}

  // A datagram was read that isn't authentic.
  void OnStranger() { ++strangers_; }

  // Looks at the window that has ended, if one has. `share`: of strangers' datagrams that reach us
  // at present, above 0. True: there is news.
  bool Measure(Instant now, double share) {
    const std::chrono::duration<double> passed = now - window_began_;
    if (passed < kWindow) return false;
    rate_ = static_cast<double>(strangers_) / share / passed.count();
    strangers_ = 0;
    window_began_ = now;
    if (rate_ >= kFlood) flooded_at_ = now;
    return true;
  }

  // The last measured window's, by estimate: sent to us, a second.
  double rate() const { return rate_; }
  bool flooded(Instant now) const { return flooded_at_ && now < *flooded_at_ + kCalm; }
  // Which share should be read.
  double share() const { return std::min(1.0, kRead / std::max(rate_, 1.0)); }

 private:
  Instant window_began_;
  uint64_t strangers_ = 0;
  double rate_ = 0;
  std::optional<Instant> flooded_at_;
};

}  // namespace mosh::server

#endif  // SERVER_FLOOD_GAUGE_H_
