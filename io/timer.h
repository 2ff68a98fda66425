// Timer: a driver's one re-armable deadline. Deadline: a stop token that stops by itself at an
// instant.
//
//   Event wake;
//   Timer timer(reactor, &wake);
//   ...
//   timer.Arm(core.NextDeadline());            // as often as you like: moving it costs no system
//   call and no wake-up co_await wake.Wait(stop);                  // a child's Set() or the
//   deadline, whichever comes first
//
//   Deadline limit(reactor, reactor->Now() + 5s, stop);
//   co_await stream->Read(buffer, limit.token());   // kCancelled after five seconds;
//   limit.expired() tells why
#ifndef IO_TIMER_H_
#define IO_TIMER_H_

#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/timer_queue.h"

namespace mosh::io {

class Timer : private TimerNode {
 public:
  // Sets `*fired` at the deadline. Both arguments outlive the timer.
  Timer(Reactor* reactor, Event* fired) : TimerNode(&reactor->timers()), fired_(fired) {}

  // Replaces the deadline. Max() disarms; a deadline in the past fires in the next turn of the
  // loop.
  void Arm(Instant deadline) { ArmNode(deadline); }
  void Disarm() { DisarmNode(); }
  using TimerNode::armed;

 private:
  void OnTimer() override { fired_->Set(); }
  Event* fired_;
};

class Deadline : private TimerNode {
 public:
  Deadline(Reactor* reactor, Instant when, StopToken parent)
      : TimerNode(&reactor->timers()), source_(parent) {
    ArmNode(when);
  }

  StopToken token() { return source_.token(); }
  // True if time was what stopped it (also if the parent stopped afterwards).
  bool expired() const { return expired_; }

 private:
  void OnTimer() override {
    expired_ = !source_.stop_requested();
    source_.RequestStop();
  }
  bool expired_ = false;
  StopSource source_;
};

}  // namespace mosh::io

#endif  // IO_TIMER_H_
