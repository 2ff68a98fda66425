// Keeps the peer's states as received and decides what an instruction does to them. Source:
// docs/spec/transport.md §10.
//
// States are kept in order of their numbers until the peer says which it no longer builds on; never
// evicted by us, since one we acknowledged is one the peer may build on. A peer that never lets go
// meets two bounds, on the number and on the bytes of states; beyond them new states are refused
// (the peer repeats them) but for one every kQuench, and none beyond twice the number. The list is
// never empty.
#ifndef SSP_RECEIVER_H_
#define SSP_RECEIVER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

#include "base/instant.h"
#include "ssp/state.h"
#include "ssp/transport_config.h"
#include "ssp/types.h"
#include "ssp/wire/instruction.h"

namespace mosh::ssp {

enum class ReceiveOutcome : uint8_t {
  kNewest,         // a state beyond all others: to be acknowledged
  kLate,           // a state between others: kept as a base, acknowledged by nobody
  kDuplicate,      // here already
  kUnknownBase,    // its base never came or was let go
  kContradictory,  // its numbers make no sense
  kBadDiff,        // the object did not accept the diff
  kRefused,        // no room
};

template <RemoteState Remote>
class Receiver {
 public:
  static constexpr std::chrono::milliseconds kQuench{15000};

  Receiver(const TransportConfig& config, Remote initial)
      : max_states_(config.max_remote_states), max_bytes_(config.max_remote_bytes) {
    const size_t bytes = Weigh(initial, 0);
    states_.push_back({StateNum{0}, bytes, std::move(initial)});
    bytes_ = bytes;
  }

  ReceiveOutcome OnInstruction(const InstructionView& instruction, Instant now);

  const Remote& newest() const { return states_.back().state; }
  StateNum newest_num() const { return states_.back().num; }
  size_t size() const { return states_.size(); }
  size_t bytes() const { return bytes_; }

  // Trims all states by the oldest one, it itself last.
  void SubtractOldest() {
    const Remote oldest = states_.front().state;
    bytes_ = 0;
    for (auto it = states_.rbegin(); it != states_.rend(); ++it) {
      it->state.Subtract(oldest);
      it->bytes = Weigh(it->state, it->bytes);
      bytes_ += it->bytes;
    }
  }

 private:
  struct Entry {
    StateNum num;
    size_t bytes;
    Remote state;
  };
  using Iterator = typename std::deque<Entry>::iterator;

  Iterator LowerBound(StateNum num) {
    return std::lower_bound(states_.begin(), states_.end(), num,
                            [](const Entry& entry, StateNum n) { return entry.num < n; });
  }
  static size_t Weigh(const Remote& state, size_t otherwise) {
    if constexpr (ReportsMemoryUse<Remote>) {
      return state.MemoryUse();
    } else {
      return otherwise;
    }
  }
  void DropBefore(StateNum num) {
    while (states_.front().num < num) {
      bytes_ -= states_.front().bytes;
      states_.pop_front();
    }
  }
  // Whether there is room for one more state of about `bytes`.
  bool Admit(size_t bytes, Instant now) {
    if (bytes_ + bytes > max_bytes_) return false;
    if (states_.size() <= max_states_) return true;
    if (now < quenched_until_ || states_.size() > 2 * max_states_) return false;
    quenched_until_ = now + kQuench;
    return true;
  }

  size_t max_states_;
  size_t max_bytes_;
  std::deque<Entry> states_;  // ascending numbers
  size_t bytes_ = 0;          // sum of the entries'
  Instant quenched_until_;
};

template <RemoteState Remote>
ReceiveOutcome Receiver<Remote>::OnInstruction(const InstructionView& instruction, Instant now) {
  const Iterator place = LowerBound(instruction.new_num);
  if (place != states_.end() && place->num == instruction.new_num) {
    return ReceiveOutcome::kDuplicate;
  }
  const Iterator base = LowerBound(instruction.old_num);
  if (base == states_.end() || base->num != instruction.old_num) {
    return ReceiveOutcome::kUnknownBase;
  }
  // An honest peer moves forwards, and still has what it builds on.
  if (instruction.new_num < instruction.old_num) return ReceiveOutcome::kContradictory;
  if (instruction.throwaway_num > instruction.old_num) return ReceiveOutcome::kContradictory;

  Entry entry{instruction.new_num, 0, base->state};
  DropBefore(instruction.throwaway_num);
  const size_t carried = instruction.diff.size();
  if (!Admit(carried, now)) return ReceiveOutcome::kRefused;
  if (!instruction.diff.empty() && !entry.state.Apply(instruction.diff).ok()) {
    return ReceiveOutcome::kBadDiff;
  }
  entry.bytes = Weigh(entry.state, carried);
  if (bytes_ + entry.bytes > max_bytes_) return ReceiveOutcome::kRefused;
  bytes_ += entry.bytes;
  const bool late = states_.back().num > entry.num;
  states_.insert(LowerBound(entry.num), std::move(entry));
  return late ? ReceiveOutcome::kLate : ReceiveOutcome::kNewest;
}

}  // namespace mosh::ssp

#endif  // SSP_RECEIVER_H_
