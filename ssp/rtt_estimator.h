// Smoothed round-trip time, retransmission timeout and frame interval of one path. Source:
// docs/spec/transport.md §3.3 (RFC 6298 §2 with other clamps and no back-off).
//
// Samples are whole milliseconds with the peer's hold time already taken out. Never fails. Pure.
#ifndef SSP_RTT_ESTIMATOR_H_
#define SSP_RTT_ESTIMATOR_H_

#include <chrono>

namespace mosh::ssp {

class RttEstimator {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds kIgnoreFrom{5000};
  static constexpr Milliseconds kMinRto{50}, kMaxRto{1000};
  static constexpr Milliseconds kMinInterval{20}, kMaxInterval{250};

  // Samples of kIgnoreFrom and more are ignored, not clamped: they come from a stopped process or a
  // wrapped clock.
  void AddSample(Milliseconds sample);

  bool has_sample() const { return has_sample_; }
  // 1000 ms and 500 ms before the first sample.
  std::chrono::duration<double, std::milli> srtt_ms() const { return srtt_; }
  std::chrono::duration<double, std::milli> rttvar_ms() const { return rttvar_; }
  std::chrono::nanoseconds srtt() const;
  std::chrono::nanoseconds rttvar() const;
  // The latest sample.
  std::chrono::nanoseconds latest() const { return latest_; }
  // ceil(SRTT + 4 RTTVAR) within [50, 1000] ms.
  Milliseconds rto() const;
  // ceil(SRTT / 2) within [20, 250] ms: about two frames per round trip.
  Milliseconds send_interval() const;

 private:
  using DoubleMs = std::chrono::duration<double, std::milli>;
  bool has_sample_ = false;
  Milliseconds latest_{1000};
  DoubleMs srtt_{1000};
  DoubleMs rttvar_{500};
};

}  // namespace mosh::ssp

#endif  // SSP_RTT_ESTIMATOR_H_
