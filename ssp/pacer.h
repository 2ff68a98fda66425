// Limits instructions to a steady rate of one per frame interval while letting a few saved-up ones
// leave at once.
//
// A bucket of credits: one is earned per interval up to the burst, each instruction costs one. In
// any span T at most T / interval + burst instructions are allowed. Acknowledgements leave on their
// own clock; one that finds the bucket empty restarts the wait, as in stock, but runs up no debt.
// Pure.
#ifndef SSP_PACER_H_
#define SSP_PACER_H_

#include <algorithm>
#include <chrono>

#include "base/instant.h"

namespace mosh::ssp {

class Pacer {
 public:
  // `initial` credits may exceed `burst`; what is spent of the excess does not grow back.
  Pacer(int burst, int initial, Instant now) : burst_(burst), credits_(initial), at_(now) {}

  // When the next instruction may leave; in the past if it may now. Moves when the interval
  // changes.
  Instant ReadyAt(std::chrono::nanoseconds interval) const { return HasAt(1, interval); }
  // When there are as many credits as can be saved up.
  Instant FullAt(std::chrono::nanoseconds interval) const { return HasAt(burst_, interval); }

  void Spend(Instant now, std::chrono::nanoseconds interval) {
    const double earned =
        static_cast<double>((now - at_).count()) / static_cast<double>(interval.count());
    if (credits_ < burst_) credits_ = std::min<double>(burst_, credits_ + std::max(0.0, earned));
    credits_ = std::max(0.0, credits_ - 1);
    at_ = now;
  }

 private:
  Instant HasAt(double credits, std::chrono::nanoseconds interval) const {
    const double missing = credits - credits_;
    if (missing <= 0) return at_;
    const double wait = missing * static_cast<double>(interval.count());
    return at_ + std::chrono::nanoseconds(static_cast<int64_t>(wait));
  }

  double burst_;
  double credits_;  // at at_
  Instant at_;
};

}  // namespace mosh::ssp

#endif  // SSP_PACER_H_
