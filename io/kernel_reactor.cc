#include "io/kernel_reactor.h"

#include <signal.h>
#include <time.h>

#include <utility>

#include "io/fd_stream.h"
#include "io/scope.h"
#include "io/signal_fd.h"
#include "io/spawn.h"
#include "io/status.h"

namespace mosh::io {

void PollOp::await_suspend(std::coroutine_handle<> caller) {
  handle = caller;
  in_flight_ = true;
  reactor_->StartPoll(this);
  Listen(stop_);
}

absl::Status PollOp::await_resume() {
  if (!completed_ || result_ == -ECANCELED) return StoppedStatus();
  // Linux 6 ends an io_uring poll of a terminal with EINVAL when somebody changes the terminal's
  // settings, as a shell does at every suspension. Ready is the answer that is never wrong: who
  // asked will try, get EAGAIN, and ask again.
  if (result_ == -EINVAL) return absl::OkStatus();
  if (result_ < 0) return ErrnoStatus(-result_, "poll");
  return absl::OkStatus();
}

void PollOp::OnCompletion(int32_t result, uint32_t /*flags*/) {
  StopListening();
  in_flight_ = false;
  completed_ = true;
  result_ = result;
  ReadyQueue::Current().Post(this);
}

void PollOp::OnStop() noexcept { reactor_->CancelPoll(this); }

KernelReactor::KernelReactor() : now_(ReadClock()), coalescing_(now_) {}

Instant KernelReactor::ReadClock() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return Instant::FromNanos(int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

void KernelReactor::Run(Task<void> root) {
  Scope scope;
  scope.Spawn(std::move(root));
  for (;;) {
    now_ = ReadClock();
    timers_.FireDue(now_);
    ready_.RunTurn();
    if (scope.children() == 0) return;
    PollKernel(ready_.empty() ? timers_.NextDeadline() : now_, coalescing_.Delay(now_));
  }
}

absl::StatusOr<std::unique_ptr<Stream>> KernelReactor::OpenStream(OwnedFd fd) {
  return FdStream::Open(this, std::move(fd));
}

absl::StatusOr<std::unique_ptr<Tty>> KernelReactor::OpenTty(int fd) {
  return FdStream::OpenShared(this, fd);
}

absl::StatusOr<Process> KernelReactor::Spawn(const ProcessSpec& spec) {
  return SpawnProcess(this, spec);
}

absl::StatusOr<PtyProcess> KernelReactor::SpawnPty(const PtySpec& spec) {
  return SpawnInPty(this, spec);
}

absl::StatusOr<std::unique_ptr<SignalSource>> KernelReactor::WatchSignals(
    std::initializer_list<int> signals) {
  return SignalFd::Open(this, signals);
}

Task<absl::Status> KernelReactor::WaitReadable(int fd, StopToken stop) {
  const absl::Status status = co_await PollOp(this, fd, POLLIN, stop);
  OnWaitEnd(fd);
  co_return status;
}

Task<absl::Status> KernelReactor::WaitWritable(int fd, StopToken stop) {
  const absl::Status status = co_await PollOp(this, fd, POLLOUT, stop);
  OnWaitEnd(fd);
  co_return status;
}

}  // namespace mosh::io
