// Decides what to send of the local object and when. Source: docs/spec/transport.md §11. Policy
// that needs no state object is next door: SendTiming (collecting, pacing, acknowledging), SentLog
// (what the peer probably has), ShutdownTimer.
//
// Poll() is one decision: nothing, or one instruction. The same pair of numbers always carries the
// same diff, because a state sent under a number is kept until it is of no more use, and repeated
// from that copy.
#ifndef SSP_SENDER_H_
#define SSP_SENDER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/instant.h"
#include "ssp/path.h"
#include "ssp/redundancy.h"
#include "ssp/send_timing.h"
#include "ssp/sent_log.h"
#include "ssp/shutdown_timer.h"
#include "ssp/state.h"
#include "ssp/transport_config.h"
#include "ssp/types.h"
#include "ssp/wire/instruction.h"

namespace mosh::ssp {

template <LocalState Local>
class Sender {
 public:
  static constexpr std::chrono::milliseconds kAckDelayAllowance{100};
  static constexpr std::chrono::milliseconds kEarlyAllowance{
      20};  // for the peer's program to answer
  static constexpr std::chrono::milliseconds kGreetingPatience{400};
  // Losses count as recent, and a peer as worth repeating to, for so long.
  static constexpr std::chrono::milliseconds kRecentLoss{10000};
  static constexpr std::chrono::milliseconds kActiveRetry{10000};
  static constexpr size_t kProphylacticLimit = 1000, kProphylacticExtra = 100;  // octets of diff
  // One instruction of a Limitable object: large enough for speed, small enough for its fragments
  // to survive losses.
  static constexpr size_t kLimitedDiff = size_t{64} << 10;

  // `max_diff`: the most octets an instruction can carry.
  Sender(const TransportConfig& config, size_t max_diff, Local initial, Instant now);

  void OnLocalChange(Instant now, ChangeHint hint) { timing_.OnLocalChange(now, hint); }
  void OnAck(StateNum num, Instant now);
  // The peer's newest state is now `num`.
  void OnRemoteState(StateNum num, bool has_data, Instant now, const Path& path);
  // The peer sent its newest state again.
  void OnRepeatedState(StateNum num, bool has_data, Instant now, const Path& path);
  struct PathNews {
    uint64_t incoming_losses = 0;   // a running total
    double incoming_loss_rate = 0;  // 0..1
    // Of our own datagrams, as the peer sees it; nullopt if it never says.
    std::optional<double> outgoing_loss_rate;
    bool untried = false;    // nothing is known about losses yet
    bool late_acks = false;  // agreed: the client acknowledges late
  };
  void OnPathUpdate(const PathNews& news, Instant now, const Path& path);
  // Whether the latest instruction was one that redundancy pays for, and what it cost.
  bool last_was_copy() const { return last_was_copy_; }
  void OnCopySent(size_t octets, Instant now) { redundancy_.Charge(now, octets); }
  void OnLastSendFailed() { log_.MarkLastLost(); }

  Instant NextDeadline(const Path& path) const;
  // The next instruction to send; its diff is valid until the next call. When now >= NextDeadline()
  // this sends or moves the deadline.
  std::optional<InstructionView> Poll(Instant now, Local& live, const Path& path);

  void StartShutdown(Instant now) { shutdown_.Start(now); }
  bool shutdown_in_progress() const { return shutdown_.in_progress(); }
  Instant ShutdownGivesUpAt(const Path& path) const {
    return gave_up_ ? Instant::Max() : shutdown_.GivesUpAt(path);
  }
  void GiveUp() { gave_up_ = true; }
  bool ShutdownTimedOut(Instant now, const Path& path) const {
    return acked_num() != kShutdownNum && now >= shutdown_.GivesUpAt(path);
  }
  bool shutdown_ack_sent() const { return shutdown_answered_at_.has_value(); }
  Instant ShutdownSettlesAt(const Path& path) const {
    return shutdown_answered_at_ ? *shutdown_answered_at_ + Linger(path) : Instant::Max();
  }

  StateNum last_num() const { return log_.last().num; }
  StateNum acked_num() const { return log_.first().num; }
  Instant acked_sent_at() const { return log_.first().sent; }
  uint64_t retransmissions() const { return retransmissions_; }
  uint64_t redundant_copies() const { return redundant_copies_; }
  uint64_t unsendable_diffs() const { return unsendable_diffs_; }
  size_t kept_states() const { return states_.size(); }

 private:
  // Why Poll sends, and from what to what.
  struct Plan {
    bool changed;     // the live object is not what was last sent
    bool talk;        // an instruction is due whatever it says
    bool repeat;      // the last state is due again
    bool copy;        // it, or what replaces it, is due for redundancy's sake
    size_t base = 0;  // index of the state to build on
  };

  static std::chrono::nanoseconds Linger(const Path& path) {
    return std::max<std::chrono::nanoseconds>(std::chrono::milliseconds(500), 3 * path.rto);
  }
  AckPatience Patience(const Path& path) const;
  void NoteLoss(Instant now);
  // Everything has been said; only a repeated request of the peer's is answered.
  bool Quiet() const {
    return acked_num() == kShutdownNum || (shutdown_ack_sent() && !shutdown_in_progress());
  }
  bool frozen() const { return last_num() == kShutdownNum; }
  Instant RepeatDue(const Path& path) const;
  Instant CopyDue() const;
  bool unacknowledged() const { return !log_.LastEquals(0); }
  void Rationalise(Local& live);
  std::optional<Plan> MakePlan(Instant now, const Local& live, const Path& path);
  // The state to send: the live one, or as much of it as may go into one instruction.
  Local NextState(const Local& live);
  // Fills diff_ and picks the base: the acknowledged state if that costs little (spec §11.6).
  void MakeDiff(const Local& next, Plan& plan);
  InstructionView Commit(const Plan& plan, std::optional<Local> next, Instant now,
                         const Path& path);

  bool early_allowed_;
  bool redundancy_allowed_;
  std::chrono::nanoseconds late_ack_delay_, late_ack_allowance_;
  size_t max_diff_;
  SendTiming timing_;
  SentLog log_;
  std::deque<Local> states_;  // in step with log_
  ShutdownTimer shutdown_;
  Redundancy redundancy_;
  std::string diff_;

  StateNum ack_num_{0};
  Instant last_heard_;  // arrival of the peer's newest state
  bool heard_data_ = false;
  bool needs_rationalising_ = false;
  bool held_back_ = false;  // part of the live object waits for an acknowledgement
  std::optional<Instant> shutdown_answered_at_;
  bool gave_up_ = false;

  std::optional<Instant> latest_loss_, loss_before_;
  bool early_ = false;  // losses are recent: repeat sooner
  uint64_t incoming_losses_ = 0;
  std::chrono::nanoseconds ack_allowance_ = kAckDelayAllowance;   // of the peer
  std::chrono::nanoseconds ack_delay_ = SendTiming::kDelayedAck;  // of ours
  Instant last_sent_;
  uint64_t retransmissions_ = 0;
  uint64_t redundant_copies_ = 0;
  bool last_was_copy_ = false;
  uint64_t unsendable_diffs_ = 0;
};

}  // namespace mosh::ssp

#include "ssp/sender_inl.h"  // IWYU pragma: keep

#endif  // SSP_SENDER_H_
