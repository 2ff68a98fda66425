// Task<T>: a lazy coroutine with one result, awaited exactly once.
//
//   Task<absl::StatusOr<size_t>> CopyOnce(Stream* from, Stream* to, StopToken stop) {
//     std::array<uint8_t, 4096> buffer;                       // lives in the frame
//     absl::StatusOr<size_t> n = co_await from->Read(buffer, stop);
//     if (!n.ok()) co_return n.status();
//     ...
//   }
//
// Nothing runs before the task is awaited (co_await CopyOnce(...)), spawned (Scope::Spawn) or run
// (Reactor::Run). Parameters: by value, or a pointer to something that outlives the task; no
// references and no capturing lambda coroutines, whose captures die with the lambda. A task that
// was never started may be dropped. A started one must run to its end: cancel it by its stop token
// and wait. We throw nothing; an exception that escapes ends the process.
#ifndef IO_TASK_H_
#define IO_TASK_H_

#include <coroutine>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/check.h"
#include "io/attributes.h"

namespace mosh::io {

template <class T = void>
class Task;

namespace internal {

// What all promises share: lazy start, and a symmetric transfer to the awaiting coroutine at the
// end.
class PromiseBase {
 public:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().continuation_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::abort(); }
  void set_continuation(std::coroutine_handle<> continuation) { continuation_ = continuation; }

 private:
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
};

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T TakeResult() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void TakeResult() const noexcept {}
};

}  // namespace internal

template <class T>
class [[nodiscard]] MOSH_CORO_RETURN_TYPE MOSH_CORO_LIFETIMEBOUND Task {
 public:
  using promise_type = internal::Promise<T>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { Destroy(); }

  // Starts the task and gives its result.
  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> task;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        task.promise().set_continuation(caller);
        return task;
      }
      T await_resume() { return task.promise().TakeResult(); }
    };
    CHECK(handle_ != nullptr);
    return Awaiter{handle_};
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  void Destroy() {
    if (handle_ != nullptr) handle_.destroy();
  }

  std::coroutine_handle<promise_type> handle_;
};

namespace internal {

template <class T>
MOSH_CORO_WRAPPER Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

MOSH_CORO_WRAPPER inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace internal
}  // namespace mosh::io

#endif  // IO_TASK_H_
