#include "io/event.h"

#include "io/status.h"

namespace mosh::io {

void Event::Set() {
  set_ = true;
  while (!waiters_.empty()) ReadyQueue::Current().Post(waiters_.front());
}

void Event::Awaiter::await_suspend(std::coroutine_handle<> caller) {
  handle = caller;
  suspended_ = true;
  event_->waiters_.PushBack(this);
  Listen(stop_);
}

absl::Status Event::Awaiter::await_resume() {
  StopListening();
  if (suspended_ ? !stopped_ : event_->set_) return absl::OkStatus();
  return StoppedStatus();
}

void Event::Awaiter::OnStop() noexcept {
  // Woken by Set() already, though not resumed yet: it stays a success.
  if (event_->set_) return;
  stopped_ = true;
  ReadyQueue::Current().Post(this);
}

}  // namespace mosh::io
