// A peer's clock on the wire: milliseconds modulo 65536, where 65535 means "none" (spec §3.1).
// Nothing else in the project does arithmetic on these.
#ifndef SSP_TIMESTAMP16_H_
#define SSP_TIMESTAMP16_H_

#include <chrono>
#include <cstdint>

#include "base/instant.h"

namespace mosh::ssp {

class Timestamp16 {
 public:
  // As read from the wire.
  explicit constexpr Timestamp16(uint16_t wire) : wire_(wire) {}
  // The own clock at `now`; never None().
  static constexpr Timestamp16 At(Instant now) {
    const auto wire = static_cast<uint16_t>(now.millis());
    return Timestamp16(wire == kNone ? uint16_t{0} : wire);
  }
  static constexpr Timestamp16 None() { return Timestamp16(kNone); }

  constexpr bool is_none() const { return wire_ == kNone; }
  constexpr uint16_t wire() const { return wire_; }

  // The time from `earlier` to this, modulo 65.536 s: a small step backwards looks like a very long
  // time. Neither may be None().
  constexpr std::chrono::milliseconds Since(Timestamp16 earlier) const {
    return std::chrono::milliseconds(static_cast<uint16_t>(wire_ - earlier.wire_));
  }
  // May come out as None(), which the peer then takes at its word (spec §3.2).
  constexpr Timestamp16 Plus(std::chrono::milliseconds d) const {
    return Timestamp16(static_cast<uint16_t>(wire_ + static_cast<uint64_t>(d.count())));
  }

  friend constexpr bool operator==(Timestamp16, Timestamp16) = default;

 private:
  static constexpr uint16_t kNone = 0xffff;
  uint16_t wire_;
};

}  // namespace mosh::ssp

#endif  // SSP_TIMESTAMP16_H_
