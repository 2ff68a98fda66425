// When predictions are drawn and underlined, by the speed of the line and by glitches
// (docs/spec/prediction.md §4 steps 2-3, §8). Pure.
#ifndef PREDICT_TRIGGERS_H_
#define PREDICT_TRIGGERS_H_

#include <chrono>

#include "base/instant.h"
#include "predict/policy.h"

namespace mosh::predict {

class Triggers {
 public:
  void SetSendInterval(std::chrono::nanoseconds interval) { interval_ = interval; }

  // Before predictions are judged. `pending`: something is being predicted.
  void Update(bool pending);
  // The answer to a key typed at `typed` is still awaited.
  void OnPending(Instant typed, Instant now);
  // A prediction came true, for a key typed at `typed`.
  void OnConfirmed(Instant typed, Instant now);
  // When, with a key typed at `typed` unanswered, something here changes by itself.
  Instant NextDeadline(Instant typed, Instant now) const;

  bool slow() const { return slow_; }
  bool flagging() const { return flagging_; }
  int glitches() const { return glitches_; }
  bool show() const { return slow_ || glitches_ > 0; }

 private:
  std::chrono::nanoseconds interval_ = policy::kInitialSendInterval;
  bool slow_ = false;
  bool flagging_ = false;
  int glitches_ = 0;  // quick answers still needed
  bool repaired_ = false;
  Instant last_repair_;
};

}  // namespace mosh::predict

#endif  // PREDICT_TRIGGERS_H_
