#include "sync/echo_ack_tracker.h"

namespace mosh::sync {

void EchoAckTracker::OnInputApplied(uint64_t state_num, Instant now) {
  if (state_num <= echo_ack_) return;
  if (!waiting_.empty() && (state_num <= waiting_.back().state_num || now < waiting_.back().at)) {
    return;
  }
  // The newest waits again; the other way round it would be acknowledged too early.
  if (waiting_.size() >= kMaxWaiting) waiting_.pop_back();
  waiting_.push_back({state_num, now});
}

uint64_t EchoAckTracker::Advance(Instant now) {
  while (!waiting_.empty() && waiting_.front().at + kEchoTime <= now) {
    echo_ack_ = waiting_.front().state_num;
    waiting_.pop_front();
  }
  return echo_ack_;
}

Instant EchoAckTracker::NextDeadline() const {
  return waiting_.empty() ? Instant::Max() : waiting_.front().at + kEchoTime;
}

}  // namespace mosh::sync
