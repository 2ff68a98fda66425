// Remembers the peer's latest timestamp so that the next datagram can return it (spec §3.2): once,
// aged by the time it was held, and only while it is younger than a second. A congestion mark makes
// the echo 500 ms older, which the peer takes for a longer round trip and slows down (spec §3.4).
#ifndef SSP_TIMESTAMP_ECHO_H_
#define SSP_TIMESTAMP_ECHO_H_

#include <chrono>
#include <optional>

#include "base/instant.h"
#include "ssp/timestamp16.h"
#include "ssp/types.h"

namespace mosh::ssp {

class TimestampEcho {
 public:
  static constexpr std::chrono::milliseconds kValidFor{1000};
  static constexpr std::chrono::milliseconds kCongestionPenalty{500};

  // For in-order packets only.
  void OnReceived(Timestamp16 timestamp, EcnMark ecn, Instant now) {
    if (timestamp.is_none()) return;
    held_ =
        Held{ecn == EcnMark::kCongestion ? timestamp.Plus(-kCongestionPenalty) : timestamp, now};
  }

  // The reply for a datagram that leaves now; None() if there is nothing to return.
  Timestamp16 Take(Instant now) {
    if (!held_) return Timestamp16::None();
    const Held held = *held_;
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - held.arrived);
    if (age >= kValidFor) return Timestamp16::None();
    held_.reset();
    return held.timestamp.Plus(age);
  }

 private:
  struct Held {
    Timestamp16 timestamp;
    Instant arrived;
  };
  std::optional<Held> held_;
};

}  // namespace mosh::ssp

#endif  // SSP_TIMESTAMP_ECHO_H_
