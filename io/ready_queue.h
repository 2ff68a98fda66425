// The run queue of one thread: coroutines that may continue, first in, first out.
//
// Every reactor has one, and while it lives it is the thread's current queue: Event, Scope and the
// reactor's operations put coroutines into it instead of resuming them in place. So Set(), Cancel()
// and Spawn() never run somebody else's code inside their caller, and the order of everything is
// the order of posting.
#ifndef IO_READY_QUEUE_H_
#define IO_READY_QUEUE_H_

#include <coroutine>

#include "io/intrusive_list.h"

namespace mosh::io {

// A suspended coroutine, waiting in some list (an event's waiters, then the ready queue). Lives in
// the coroutine's own frame, as a base of its awaiter.
class Waiter : public ListNode {
 public:
  std::coroutine_handle<> handle;
};

class ReadyQueue {
 public:
  // Becomes the current queue of this thread, which must not have one.
  ReadyQueue();
  ~ReadyQueue();
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  // The queue of this thread; there must be one.
  static ReadyQueue& Current();

  // `waiter` leaves the list it is in and will be resumed in this turn of the loop.
  void Post(Waiter* waiter) { ready_.PushBack(waiter); }
  // The same, in the next turn: after the loop has looked at the kernel and the timers.
  void PostLater(Waiter* waiter) { later_.PushBack(waiter); }

  bool empty() const { return ready_.empty() && later_.empty(); }

  // One turn: resumes what was posted, also what gets posted meanwhile, but no coroutine chain can
  // keep the loop from the kernel for more than kMaxRounds.
  void RunTurn();

  // For tests without a reactor: runs turns until nothing is ready.
  void RunUntilIdle();

 private:
  static constexpr int kMaxRounds = 64;

  IntrusiveList<Waiter> ready_;
  IntrusiveList<Waiter> later_;
};

// co_await Yield(): lets everything else that is ready, and the kernel, have a turn first.
class Yield : private Waiter {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    handle = caller;
    ReadyQueue::Current().PostLater(this);
  }
  void await_resume() const noexcept {}
};

}  // namespace mosh::io

#endif  // IO_READY_QUEUE_H_
