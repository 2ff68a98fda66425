// `moshctl replay`: a recording on this terminal.
#ifndef MGMT_CTL_REPLAY_H_
#define MGMT_CTL_REPLAY_H_

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mgmt/ctl/live_terminal.h"
#include "mgmt/ctl/options.h"
#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

// When what was recorded is played. Pure.
class ReplayClock {
 public:
  // `speed` > 0; pauses are cut to `max_pause` of the recording's time.
  ReplayClock(double speed, absl::Duration max_pause, absl::Time start)
      : speed_(speed), max_pause_(max_pause), due_(start) {}

  // The next event, in order: when it is due.
  absl::Time DueOf(std::chrono::microseconds at);
  // When the last one is due now.
  absl::Time due() const { return due_; }
  // It is played now; what follows is from then.
  void Skip(absl::Time now);
  // While it is paused nothing is due; the rest then is so much later.
  void Toggle(absl::Time now);
  bool paused() const { return paused_at_ != absl::InfiniteFuture(); }

 private:
  const double speed_;
  const absl::Duration max_pause_;
  absl::Time due_;
  std::chrono::microseconds last_{0};
  absl::Time paused_at_ = absl::InfiniteFuture();
};

// Until its end and a key, or the user quits. kNotFound: no such file; kInvalidArgument: it is no
// recording; kDataLoss: it is broken, but for a last line that was cut off, which is its end.
absl::Status ReplayFile(const std::string& path, const Options& options,
                        const Surroundings& surroundings, LiveSignals& signals);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_REPLAY_H_
