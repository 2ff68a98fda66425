// Event: a flag that coroutines of one thread can wait for. The meeting point of a driver's
// coroutines:
//
//   child:   core.OnDatagram(...); wake.Set();
//   driver:  for (;;) {
//              if (!(co_await wake.Wait(stop)).ok()) break;
//              wake.Reset();
//              ... look at everything that may have changed, act, arm the timer ...
//            }
//
// Stays set until Reset(). Set() wakes all who wait at that moment, even if Reset() follows before
// they run; it resumes nobody inside the call. Must outlive its waiters.
#ifndef IO_EVENT_H_
#define IO_EVENT_H_

#include <coroutine>

#include "absl/status/status.h"
#include "base/check.h"
#include "io/ready_queue.h"
#include "io/stop.h"

namespace mosh::io {

class Event {
 public:
  class Awaiter;

  Event() = default;
  ~Event() { CHECK(waiters_.empty()); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return set_; }
  void Set();
  void Reset() { set_ = false; }

  // co_await gives OK when the event is or gets set, kCancelled when `stop` came first. If both are
  // so already: OK.
  Awaiter Wait(StopToken stop = {});

 private:
  bool set_ = false;
  IntrusiveList<Waiter> waiters_;
};

class [[nodiscard]] Event::Awaiter : private Waiter, private StopListener {
 public:
  Awaiter(Event* event, StopToken stop) : event_(event), stop_(stop) {}
  bool await_ready() const noexcept { return event_->set_ || stop_.stop_requested(); }
  void await_suspend(std::coroutine_handle<> caller);
  absl::Status await_resume();

 private:
  void OnStop() noexcept override;

  Event* event_;
  StopToken stop_;
  bool suspended_ = false;
  bool stopped_ = false;
};

inline Event::Awaiter Event::Wait(StopToken stop) { return Awaiter(this, stop); }

}  // namespace mosh::io

#endif  // IO_EVENT_H_
