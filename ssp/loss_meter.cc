#include "ssp/loss_meter.h"

#include <algorithm>

namespace mosh::ssp {
void LossMeter::OnReceived(uint64_t sequence) {
  if (!started_) {
    started_ = true;
    highest_ = sequence;
    seen_.set(0);
    known_ = 1;
    return;
  }
  if (sequence <= highest_) {
    const uint64_t age = highest_ - sequence;
    if (age < kMemory) seen_.set(age);
    return;
  }
  const int step = static_cast<int>(std::min<uint64_t>(sequence - highest_, kMemory));
  // The numbers whose age passes the tolerance with this step, as far as they are remembered, get
  // their verdict. Bit i is about to become bit i + step.
  const int first = std::max(0, kReorderTolerance - step);
  const int last = std::min(kReorderTolerance, known_);  // exclusive
  for (int bit = first; bit < last; ++bit) lost_ += !seen_[bit];
  // Numbers skipped by more than the tolerance are judged right away.
  lost_ +=
      static_cast<uint64_t>(std::clamp(step - kReorderTolerance, 0, kWindow - kReorderTolerance));
  seen_ <<= step;
  seen_.set(0);
  known_ = std::min(kMemory, known_ + step);
  highest_ = sequence;
}

double LossMeter::RateOf(int window) const {
  const int judged = std::min(window, known_) - kReorderTolerance;
  if (judged <= 0) return 0;
  const auto arrived = (seen_ >> kReorderTolerance << (kMemory - judged)).count();
  const int missing = judged - static_cast<int>(arrived);
  return missing == 0 ? 0 : (missing + 1.0) / (judged + 2);
}

}  // namespace mosh::ssp
