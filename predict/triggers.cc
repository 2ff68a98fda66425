#include "predict/triggers.h"

namespace mosh::predict {

void Triggers::Update(bool pending) {
  if (interval_ > policy::kShowAbove) {
    slow_ = true;
  } else if (interval_ <= policy::kShowBelowOrAt && !pending) {
    slow_ = false;
  }
  if (interval_ > policy::kUnderlineAbove) {
    flagging_ = true;
  } else if (interval_ <= policy::kUnderlineBelowOrAt) {
    flagging_ = false;
  }
  if (glitches_ > policy::kGlitchRepairs) flagging_ = true;
}

void Triggers::OnPending(Instant typed, Instant now) {
  const auto age = now - typed;
  if (age >= policy::kLongGlitch) {
    glitches_ = policy::kLongGlitchRepairs;
  } else if (age >= policy::kGlitch && glitches_ < policy::kGlitchRepairs) {
    glitches_ = policy::kGlitchRepairs;
  }
}

void Triggers::OnConfirmed(Instant typed, Instant now) {
  if (glitches_ == 0 || now - typed >= policy::kGlitch) return;
  if (repaired_ && now - last_repair_ < policy::kRepairInterval) return;
  --glitches_;
  repaired_ = true;
  last_repair_ = now;
}

Instant Triggers::NextDeadline(Instant typed, Instant now) const {
  if (glitches_ > policy::kGlitchRepairs && !flagging_) return now;
  if (glitches_ < policy::kGlitchRepairs) return typed + policy::kGlitch;
  if (glitches_ < policy::kLongGlitchRepairs) return typed + policy::kLongGlitch;
  return Instant::Max();
}

}  // namespace mosh::predict
