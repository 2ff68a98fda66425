#include "ssp/rtt_estimator.h"

#include <algorithm>

namespace mosh::ssp {

void RttEstimator::AddSample(Milliseconds sample) {
  if (sample >= kIgnoreFrom || sample < Milliseconds(0)) return;
  latest_ = sample;
  const DoubleMs r = sample;
  if (!has_sample_) {
    has_sample_ = true;
    srtt_ = r;
    rttvar_ = r / 2;
    return;
  }
  // The variance first: it is measured against the old mean.
  rttvar_ = 0.75 * rttvar_ + 0.25 * std::chrono::abs(srtt_ - r);
  srtt_ = 0.875 * srtt_ + 0.125 * r;
}

std::chrono::nanoseconds RttEstimator::srtt() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(srtt_);
}

std::chrono::nanoseconds RttEstimator::rttvar() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(rttvar_);
}

RttEstimator::Milliseconds RttEstimator::rto() const {
  return std::clamp(std::chrono::ceil<Milliseconds>(srtt_ + 4 * rttvar_), kMinRto, kMaxRto);
}

RttEstimator::Milliseconds RttEstimator::send_interval() const {
  return std::clamp(std::chrono::ceil<Milliseconds>(srtt_ / 2), kMinInterval, kMaxInterval);
}

}  // namespace mosh::ssp
