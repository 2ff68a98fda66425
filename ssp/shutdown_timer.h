// When the initiator of a shutdown asks again, and when it gives up. Source: docs/spec/transport.md
// §11.8.
//
// Stock asks once per frame interval, 16 times: on a fast link it gives up after a third of a
// second. Here the first few requests keep that rhythm and the rest spread out, so that the same
// number of datagrams covers several seconds. Pure.
#ifndef SSP_SHUTDOWN_TIMER_H_
#define SSP_SHUTDOWN_TIMER_H_

#include <algorithm>
#include <chrono>

#include "base/instant.h"
#include "ssp/path.h"
#include "ssp/transport_config.h"

namespace mosh::ssp {

class ShutdownTimer {
 public:
  static constexpr int kSteadyTries = 4;
  static constexpr std::chrono::milliseconds kLongestPause{1000};

  explicit ShutdownTimer(const TransportConfig& config)
      : tries_allowed_(config.shutdown_tries), timeout_(config.shutdown_timeout) {}

  void Start(Instant now) {
    if (in_progress_) return;
    in_progress_ = true;
    started_ = now;
    next_try_ = now;
  }
  bool in_progress() const { return in_progress_; }

  void OnRequestSent(Instant now, const Path& path) {
    ++tries_;
    std::chrono::nanoseconds pause = path.frame_interval;
    for (int i = kSteadyTries; i < tries_; ++i) pause = Doubled(pause);
    next_try_ = now + pause;
  }

  // When the next request is due; Max() after the last.
  Instant RequestDue() const {
    return in_progress_ && tries_ < tries_allowed_ ? next_try_ : Instant::Max();
  }
  // The last request gets a round trip's time to be answered. Max() unless in progress.
  Instant GivesUpAt(const Path& path) const {
    if (!in_progress_) return Instant::Max();
    const Instant timeout = started_ + timeout_;
    if (tries_ < tries_allowed_) return timeout;
    return std::min(timeout, std::max(next_try_, next_try_ + path.rto - path.frame_interval));
  }

 private:
  static std::chrono::nanoseconds Doubled(std::chrono::nanoseconds pause) {
    return std::min<std::chrono::nanoseconds>(2 * pause, kLongestPause);
  }

  int tries_allowed_;
  std::chrono::milliseconds timeout_;
  bool in_progress_ = false;
  Instant started_;
  Instant next_try_;
  int tries_ = 0;
};

}  // namespace mosh::ssp

#endif  // SSP_SHUTDOWN_TIMER_H_
