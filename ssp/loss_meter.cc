#include "ssp/loss_meter.h"

#include <algorithm>
#include <bit>

namespace mosh::ssp {
namespace {

constexpr uint64_t LowBits(int n) { return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1; }

}  // namespace

void LossMeter::OnReceived(uint64_t sequence) {
  if (!started_) {
    started_ = true;
    highest_ = sequence;
    seen_ = 1;
    known_ = 1;
    return;
  }
  if (sequence <= highest_) {
    const uint64_t age = highest_ - sequence;
    if (age < kWindow) seen_ |= uint64_t{1} << age;
    return;
  }
  const int step = static_cast<int>(std::min<uint64_t>(sequence - highest_, kWindow));
  // The numbers whose age passes the tolerance with this step, as far as they are remembered, get
  // their verdict. Bit i is about to become bit i + step.
  const int first = std::max(0, kReorderTolerance - step);
  const int last = std::min(kReorderTolerance, known_);  // exclusive
  for (int bit = first; bit < last; ++bit) lost_ += ((seen_ >> bit) & 1) == 0;
  // Numbers skipped by more than the tolerance are judged right away.
  lost_ += static_cast<uint64_t>(std::max(0, step - 1 - (kReorderTolerance - 1)));
  seen_ = step >= kWindow ? 1 : (seen_ << step) | 1;
  known_ = std::min(kWindow, known_ + step);
  highest_ = sequence;
}

double LossMeter::rate() const {
  const int judged = known_ - kReorderTolerance;
  if (judged <= 0) return 0;
  const uint64_t window = (seen_ >> kReorderTolerance) & LowBits(judged);
  return static_cast<double>(judged - std::popcount(window)) / judged;
}

}  // namespace mosh::ssp
