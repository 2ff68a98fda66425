// KernelReactor: what the io_uring and the epoll backend share. Internal to io/.
//
// The loop, the clock, streams, children and signals are the same on both: they do their system
// calls themselves, non-blocking, and need from the backend only "tell me when this descriptor is
// ready" (PollOp). A backend adds that, sleeping, and UDP.
#ifndef IO_KERNEL_REACTOR_H_
#define IO_KERNEL_REACTOR_H_

#include <poll.h>

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/check.h"
#include "io/reactor.h"
#include "io/ready_queue.h"
#include "io/receive_coalescing.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/timer_queue.h"

namespace mosh::io {

class KernelReactor;

// Something the kernel answers. io_uring's user_data points to one of these.
class Completion {
 public:
  // `result` is 0 or more, or minus an errno value. `flags` are the backend's own.
  virtual void OnCompletion(int32_t result, uint32_t flags) = 0;

 protected:
  ~Completion() = default;
};

// co_await PollOp(...): one wait for one descriptor, OK or kCancelled. It lives in the waiting
// coroutine's frame while the backend points to it, so the frame may not die before OnCompletion:
// cancelling asks the backend, and goes on waiting.
class [[nodiscard]] PollOp final : public Completion, private Waiter, private StopListener {
 public:
  // `events`: POLLIN or POLLOUT.
  PollOp(KernelReactor* reactor, int fd, uint32_t events, StopToken stop)
      : reactor_(reactor), stop_(stop), fd_(fd), events_(events) {}
  ~PollOp() { CHECK(!in_flight_); }

  int fd() const { return fd_; }
  uint32_t events() const { return events_; }

  bool await_ready() const noexcept { return stop_.stop_requested(); }
  void await_suspend(std::coroutine_handle<> caller);
  absl::Status await_resume();
  void OnCompletion(int32_t result, uint32_t flags) override;

 private:
  void OnStop() noexcept override;

  KernelReactor* reactor_;
  StopToken stop_;
  int fd_;
  uint32_t events_;
  int32_t result_;
  bool in_flight_ = false;
  bool completed_ = false;
};

class KernelReactor : public Reactor {
 public:
  KernelReactor();

  Instant Now() const override { return now_; }
  void Run(Task<void> root) override;
  absl::StatusOr<std::unique_ptr<Stream>> OpenStream(OwnedFd fd) override;
  absl::StatusOr<std::unique_ptr<Tty>> OpenTty(int fd) override;
  absl::StatusOr<Process> Spawn(const ProcessSpec& spec) override;
  absl::StatusOr<PtyProcess> SpawnPty(const PtySpec& spec) override;
  absl::StatusOr<std::unique_ptr<SignalSource>> WatchSignals(
      std::initializer_list<int> signals) override;
  Task<absl::Status> WaitReadable(int fd, StopToken stop) override;
  Task<absl::Status> WaitWritable(int fd, StopToken stop) override;
  TimerQueue& timers() override { return timers_; }

  // Must be called before a descriptor that was polled is closed: its number may come back as
  // another file.
  virtual void ForgetFd(int /*fd*/) {}

  // For the backends' sockets: so many datagrams were taken from the kernel.
  void OnDatagrams(uint32_t count) { coalescing_.OnDatagrams(count); }

 protected:
  // A wait for a descriptor is over of which we don't learn when it is closed: it is forgotten,
  // unless another wait for it, in the other direction, is under way.
  virtual void OnWaitEnd(int /*fd*/) {}
  // The kernel's monotonic clock, now.
  static Instant ReadClock();

 private:
  friend class PollOp;
  // Begins to watch; later OnCompletion(), not inside the call.
  virtual void StartPoll(PollOp* op) = 0;
  // Makes OnCompletion() come soon: with -ECANCELED, or with a result if that was faster.
  virtual void CancelPoll(PollOp* op) = 0;
  // Hands everything to the kernel and takes what has happened. Sleeps until `deadline` if nothing
  // has; not at all if the deadline has passed or coroutines are ready. A sleep goes on for
  // `gather` although something happens, unless there is no more room for it.
  virtual void PollKernel(Instant deadline, std::chrono::nanoseconds gather) = 0;

  TimerQueue timers_;
  Instant now_;
  ReceiveCoalescing coalescing_;

 protected:
  ReadyQueue ready_;
};

}  // namespace mosh::io

#endif  // IO_KERNEL_REACTOR_H_
