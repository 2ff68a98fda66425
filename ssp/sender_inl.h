// The member functions of Sender; include ssp/sender.h instead.
#ifndef SSP_SENDER_INL_H_
#define SSP_SENDER_INL_H_

#include "ssp/sender.h"

namespace mosh::ssp {

template <LocalState Local>
Sender<Local>::Sender(const TransportConfig& config, size_t max_diff, Local initial, Instant now)
    : early_allowed_(config.retransmit_early_on_loss),
      redundancy_allowed_(config.redundancy),
      late_ack_delay_(config.late_ack_delay),
      late_ack_allowance_(config.late_ack_allowance),
      max_diff_(max_diff),
      timing_(config, now),
      log_(now),
      shutdown_(config),
      redundancy_(now),
      last_heard_(now),
      last_sent_(now) {
  states_.push_back(std::move(initial));
}

template <LocalState Local>
void Sender<Local>::OnAck(StateNum num, Instant now) {
  const size_t dropped = log_.OnAck(num);
  if (dropped == 0) return;
  states_.erase(states_.begin(), states_.begin() + static_cast<ptrdiff_t>(dropped));
  needs_rationalising_ = true;
  if (!unacknowledged()) redundancy_.Stop();
  if (held_back_) timing_.OnHeldBack(now);
  held_back_ = false;
}

template <LocalState Local>
void Sender<Local>::OnRemoteState(StateNum num, bool has_data, Instant now, const Path& path) {
  ack_num_ = num;
  last_heard_ = now;
  if (num == kShutdownNum) {
    timing_.OnAnswerWanted(now);
  } else if (has_data && !heard_data_) {
    // The peer still guesses the round trip until it gets its first answer.
    timing_.OnAnswerWanted(now);
  } else if (has_data) {
    timing_.OnRemoteData(now, ack_delay_, path);
  } else {
    timing_.OnPeerHeartbeat(now);
  }
  heard_data_ |= has_data;
}

template <LocalState Local>
void Sender<Local>::OnRepeatedState(StateNum num, bool has_data, Instant now, const Path& path) {
  if (num == kShutdownNum) {
    timing_.OnAnswerWanted(now);
  } else if (has_data && !timing_.ack_pending() && now >= last_sent_ + 2 * path.frame_interval) {
    // Sent after our acknowledgement should have arrived: that one is lost, and with it what we had
    // to say. A younger repetition crossed it.
    timing_.OnAnswerWanted(now);
    if (unacknowledged()) log_.MarkLastLost();
  }
}

template <LocalState Local>
void Sender<Local>::NoteLoss(Instant now) {
  loss_before_ = latest_loss_;
  latest_loss_ = now;
}

template <LocalState Local>
void Sender<Local>::OnPathUpdate(const PathNews& news, Instant now, const Path& path) {
  const uint64_t worth_noting = std::min(news.incoming_losses, incoming_losses_ + 2);
  for (uint64_t i = incoming_losses_; i < worth_noting; ++i) NoteLoss(now);
  incoming_losses_ = news.incoming_losses;
  // One loss in a while is no reason to double the traffic; two are.
  early_ = early_allowed_ && loss_before_ && now - *loss_before_ < kRecentLoss;
  // A path that loses one way usually loses the other way too.
  const double outgoing = news.outgoing_loss_rate.value_or(news.incoming_loss_rate);
  redundancy_.OnLossRate(news.untried ? std::max(outgoing, Redundancy::kUntriedLoss) : outgoing);
  redundancy_.OnPath(path, now);
  // Each end knows of the losses of one direction, and by the peer's report of the other's.
  ack_delay_ =
      news.late_acks && news.incoming_loss_rate == 0 ? late_ack_delay_ : SendTiming::kDelayedAck;
  ack_allowance_ = news.late_acks && outgoing == 0 ? late_ack_allowance_ : kAckDelayAllowance;
}

template <LocalState Local>
AckPatience Sender<Local>::Patience(const Path& path) const {
  const auto overdue = path.rto + ack_allowance_;
  // Before the first round trip everything is a guess, and losing the greeting should not cost a
  // second.
  const auto early = !path.measured ? std::chrono::nanoseconds(kGreetingPatience)
                     : early_       ? path.rto + kEarlyAllowance
                                    : overdue;
  return {.early = early, .overdue = overdue, .frame_interval = path.frame_interval};
}

template <LocalState Local>
Instant Sender<Local>::RepeatDue(const Path& path) const {
  const Instant due = std::max(log_.RetransmitDue(Patience(path)), timing_.ReadyAt(path));
  // A peer silent for so long may be gone; the heartbeat carries what is missing.
  return due < last_heard_ + kActiveRetry ? due : Instant::Max();
}

template <LocalState Local>
Instant Sender<Local>::CopyDue() const {
  if (!redundancy_allowed_) return Instant::Max();
  // A change that somebody waits for leaves soon anyway, and carries everything.
  if (!unacknowledged() || (timing_.change_pending() && !timing_.background())) {
    return Instant::Max();
  }
  const Instant due = redundancy_.CopyDue();
  return due < last_heard_ + kActiveRetry ? due : Instant::Max();
}

template <LocalState Local>
Instant Sender<Local>::NextDeadline(const Path& path) const {
  if (gave_up_) return Instant::Max();
  if (Quiet()) return timing_.AnswerDue(path);
  const Instant change = timing_.change_pending() && !frozen() ? timing_.ChangeDue(path)
                         : shutdown_in_progress()              ? Instant::Max()
                                                               : RepeatDue(path);
  const Instant data = shutdown_in_progress() ? change : std::min(change, CopyDue());
  const Instant request = std::max(shutdown_.RequestDue(), timing_.ReadyAt(path));
  return std::min({data, timing_.AckDue(path), request, shutdown_.GivesUpAt(path)});
}

template <LocalState Local>
void Sender<Local>::Rationalise(Local& live) {
  if (!needs_rationalising_) return;
  needs_rationalising_ = false;
  const Local known = states_.front();
  live.Subtract(known);
  for (auto it = states_.rbegin(); it != states_.rend(); ++it) it->Subtract(known);
}

template <LocalState Local>
auto Sender<Local>::MakePlan(Instant now, const Local& live, const Path& path)
    -> std::optional<Plan> {
  const bool copy = !shutdown_in_progress() && !Quiet() && now >= CopyDue();
  const bool collected = copy || now >= timing_.ChangeDue(path);
  Plan plan{};
  plan.copy = copy;
  plan.changed = !frozen() && !held_back_ && !(live == states_.back());
  if (!plan.changed) timing_.OnAllSent();
  plan.talk = now >= timing_.AckDue(path) ||
              (now >= shutdown_.RequestDue() && now >= timing_.ReadyAt(path));
  plan.repeat =
      !plan.changed && !shutdown_in_progress() && !Quiet() && (plan.copy || now >= RepeatDue(path));
  if (!(plan.changed && collected) && !plan.talk && !plan.repeat) return std::nullopt;
  const AckPatience patience = Patience(path);
  if (shutdown_in_progress()) {
    plan.base = log_.AssumedForShutdown(now, patience.overdue);
  } else {
    plan.base = log_.Assumed(now, patience.overdue);
    // What is repeated was believed received; don't build on that belief.
    if (plan.repeat && log_.LastEquals(plan.base)) plan.base = 0;
  }
  return plan;
}

template <LocalState Local>
Local Sender<Local>::NextState(const Local& live) {
  if constexpr (Limitable<Local>) {
    // Relative to the acknowledged state, so that a repetition from there fits as well.
    const size_t limit = std::min(kLimitedDiff, max_diff_ / 2);
    if (!shutdown_in_progress()) return live.Limited(states_.front(), limit);
  }
  return live;
}

template <LocalState Local>
void Sender<Local>::MakeDiff(const Local& next, Plan& plan) {
  if (!plan.changed && log_.LastEquals(plan.base)) {
    diff_.clear();
    return;
  }
  diff_ = next.DiffFrom(states_[plan.base]);
  if (plan.base == 0) return;
  if (diff_.empty() && !plan.changed) return;
  std::string from_known = next.DiffFrom(states_.front());
  const bool no_longer = from_known.size() <= diff_.size();
  const bool little_longer = from_known.size() < kProphylacticLimit &&
                             from_known.size() < diff_.size() + kProphylacticExtra;
  if (!no_longer && !little_longer) return;
  diff_ = std::move(from_known);
  plan.base = 0;
}

template <LocalState Local>
std::optional<InstructionView> Sender<Local>::Poll(Instant now, Local& live, const Path& path) {
  if (now >= ShutdownGivesUpAt(path)) {
    GiveUp();
    return std::nullopt;
  }
  Rationalise(live);
  std::optional<Plan> plan = MakePlan(now, live, path);
  if (!plan) return std::nullopt;

  std::optional<Local> next;
  if (plan->changed) {
    next = NextState(live);
    if constexpr (Limitable<Local>) held_back_ = !(*next == live);
    if (held_back_ && *next == states_.back()) {
      // Nothing more can go before an acknowledgement; then OnAck asks again.
      timing_.OnAllSent();
      plan->changed = false;
      next.reset();
      if (!plan->talk) return std::nullopt;
    }
  }
  MakeDiff(next ? *next : states_.back(), *plan);
  if (diff_.size() > max_diff_) {
    ++unsendable_diffs_;
    timing_.OnAllSent();
    if (!plan->talk) {
      if (plan->repeat) log_.MarkLastSameAs(0);
      return std::nullopt;
    }
    diff_.clear();
    next.reset();
    plan->changed = false;
  }
  if (diff_.empty() && !plan->changed && !plan->talk) {
    // Equal after all, under two versions.
    log_.MarkLastSameAs(plan->base);
    return std::nullopt;
  }
  return Commit(*plan, std::move(next), now, path);
}

template <LocalState Local>
InstructionView Sender<Local>::Commit(const Plan& plan, std::optional<Local> next, Instant now,
                                      const Path& path) {
  const bool background = timing_.background();
  const bool empty_ack = diff_.empty() && !plan.changed;
  const bool again = frozen() || (!plan.changed && !empty_ack && !shutdown_in_progress());
  const StateNum base_num = log_.at(plan.base).num;
  if (again) {
    const bool overdue = !frozen() && log_.Overdue(now, Patience(path));
    log_.OnLastSentAgain(plan.base, plan.copy, now);
    if (plan.copy) {
      ++redundant_copies_;
    } else if (!diff_.empty()) {
      ++retransmissions_;
      if (overdue) NoteLoss(now);
    }
  } else {
    const std::optional<size_t> same_as = diff_.empty()  ? std::optional(plan.base)
                                          : plan.changed ? std::nullopt
                                                         : std::optional(log_.size() - 1);
    log_.Append(shutdown_in_progress() ? kShutdownNum : last_num().Next(), plan.base, same_as, now);
    states_.push_back(next            ? *std::move(next)
                      : diff_.empty() ? states_[plan.base]
                                      : states_.back());
  }
  log_.SetLastSmall(diff_.size() < kProphylacticLimit);
  const InstructionView instruction{.old_num = base_num,
                                    .new_num = last_num(),
                                    .ack_num = ack_num_,
                                    .throwaway_num = log_.first().num,
                                    .diff = diff_};
  if (const std::optional<size_t> excess = log_.Excess()) {
    log_.Evict(*excess);
    states_.erase(states_.begin() + static_cast<ptrdiff_t>(*excess));
  }
  last_was_copy_ = plan.copy;
  if (plan.copy) {
    timing_.OnCopySent(now);
  } else {
    timing_.OnSent(now, path);
  }
  if (plan.changed && !background) {
    redundancy_.OnNewState(now, diff_.size());
  } else if (!diff_.empty()) {
    redundancy_.OnCarried();
  }
  timing_.OnAllSent();  // what was held back waits for an acknowledgement
  last_sent_ = now;
  if (shutdown_in_progress()) shutdown_.OnRequestSent(now, path);
  if (ack_num_ == kShutdownNum) shutdown_answered_at_ = now;
  return instruction;
}

}  // namespace mosh::ssp

#endif  // SSP_SENDER_INL_H_
