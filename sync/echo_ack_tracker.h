// EchoAckTracker: tells which of the user's input the screen has had time to reflect.
// Source: docs/spec/transport.md §12.3.
//
// The server reports each user state that it applied; kEchoTime later, whatever the application was
// going to echo is taken to be on the screen. Pure; time comes in.
#ifndef SYNC_ECHO_ACK_TRACKER_H_
#define SYNC_ECHO_ACK_TRACKER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/instant.h"

namespace mosh::sync {

class EchoAckTracker {
 public:
  // Long enough for an application to answer a key, short enough not to be felt (stock's value).
  static constexpr std::chrono::milliseconds kEchoTime{50};

  // The input of user state `state_num` (at least one event) has just been given to the
  // application. Numbers and times must not decrease; a call that does is ignored.
  void OnInputApplied(uint64_t state_num, Instant now);
  // The echo ack as of `now`: never decreases; 0 at first.
  uint64_t Advance(Instant now);
  // When Advance() will give a new value; Max() if no input is waiting.
  Instant NextDeadline() const;

 private:
  // A peer that sends more states than this within kEchoTime gets coarser acks.
  static constexpr size_t kMaxWaiting = 1024;

  struct Applied {
    uint64_t state_num;
    Instant at;
  };
  std::deque<Applied> waiting_;  // Oldest first.
  uint64_t echo_ack_ = 0;
};

}  // namespace mosh::sync

#endif  // SYNC_ECHO_ACK_TRACKER_H_
