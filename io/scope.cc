#include "io/scope.h"

#include <coroutine>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace mosh::io {

// The frame that holds a child's task. It owns itself: it is gone when the child is done.
struct Scope::Child {
  struct promise_type : Waiter {
    Child get_return_object() {
      handle = std::coroutine_handle<promise_type>::from_promise(*this);
      return Child{this};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::abort(); }
  };
  Waiter* waiter;
};

Scope::Child Scope::RunChild(Scope* scope, Task<void> task) {
  {
    Task<void> child = std::move(task);
    co_await std::move(child);
  }
  scope->ChildDone();
}

Scope::~Scope() { CHECK(children_ == 0); }

void Scope::Spawn(Task<void> child) {
  CHECK(!closed_);
  ++children_;
  ReadyQueue::Current().Post(RunChild(this, std::move(child)).waiter);
}

void Scope::ChildDone() {
  --children_;
  // Posted, not resumed: the last child's frame is gone before the joiner runs.
  if (children_ == 0 && joiner_ != nullptr) {
    ReadyQueue::Current().Post(std::exchange(joiner_, nullptr));
  }
}

class Scope::JoinAwaiter : private Waiter {
 public:
  explicit JoinAwaiter(Scope* scope) : scope_(scope) {}
  bool await_ready() const noexcept { return scope_->children_ == 0; }
  void await_suspend(std::coroutine_handle<> caller) {
    CHECK(scope_->joiner_ == nullptr);
    handle = caller;
    scope_->joiner_ = this;
  }
  void await_resume() const noexcept {}

 private:
  Scope* scope_;
};

Task<void> Scope::Join() {
  // Again: a child spawned between the last one's end and this coroutine's turn counts too.
  while (children_ != 0) co_await JoinAwaiter(this);
  closed_ = true;
}

Task<void> Scope::CancelAndJoin() {
  Cancel();
  co_await Join();
}

}  // namespace mosh::io
