#include "ssp/send_timing.h"

#include <algorithm>

namespace mosh::ssp {

SendTiming::SendTiming(const TransportConfig& config, Instant now)
    : collection_(config.collection),
      heartbeat_(config.heartbeat),
      pacer_(config.pacing.burst, config.pacing.startup_burst, now),
      heartbeat_due_(now) {}

void SendTiming::OnLocalChange(Instant now, ChangeHint hint) {
  if (hint == ChangeHint::kBackground) {
    if (change_pending()) return;
    background_ = true;
    change_due_ = now + kBackgroundWait;
    return;
  }
  if (background_) OnAllSent();  // it goes along with this one
  const bool in_run = changed_before_ && now - last_change_ < collection_.at_most;
  if (left_alone_) echo_comes_in_pieces_ = in_run;
  left_alone_ = false;
  if (!change_pending()) first_change_ = now;
  last_change_ = now;
  changed_before_ = true;
  if (change_due_ <= now) return;  // collected already, waiting for pacing only
  if (hint == ChangeHint::kIsolated && !in_run) {
    left_alone_ = true;
    change_due_ = echo_comes_in_pieces_ ? now + collection_.quiet : now;
    return;
  }
  change_due_ = std::min(first_change_ + collection_.at_most, now + collection_.quiet);
}

void SendTiming::OnRemoteData(Instant now, std::chrono::nanoseconds delay, const Path& path) {
  const auto room = path.measured ? (path.rto - path.srtt) / 2 : std::chrono::nanoseconds(0);
  const auto slack = std::clamp<std::chrono::nanoseconds>(room, {}, kMostSlack);
  delayed_ack_due_ = std::min(delayed_ack_due_, now + delay + slack);
}

void SendTiming::OnPeerHeartbeat(Instant now) {
  if (heartbeat_due_ - now <= heartbeat_.joins) heartbeat_due_ = std::min(heartbeat_due_, now);
}

void SendTiming::OnAnswerWanted(Instant now) { answer_due_ = std::min(answer_due_, now); }

void SendTiming::OnSent(Instant now, const Path& path) {
  pacer_.Spend(now, path.frame_interval);
  OnCopySent(now);
}

void SendTiming::OnCopySent(Instant now) {
  heartbeat_due_ = now + heartbeat_.interval;
  delayed_ack_due_ = Instant::Max();
  answer_due_ = Instant::Max();
}

Instant SendTiming::ChangeDue(const Path& path) const {
  if (!change_pending()) return Instant::Max();
  if (!background_) return std::max(change_due_, ReadyAt(path));
  return std::max(change_due_, pacer_.FullAt(path.frame_interval));
}

void SendTiming::OnAllSent() {
  change_due_ = Instant::Max();
  background_ = false;
}

Instant SendTiming::AnswerDue(const Path& path) const {
  if (answer_due_ == Instant::Max()) return Instant::Max();
  return std::max(answer_due_, ReadyAt(path));
}

Instant SendTiming::AckDue(const Path& path) const {
  return std::min({heartbeat_due_, delayed_ack_due_, AnswerDue(path)});
}

}  // namespace mosh::ssp
