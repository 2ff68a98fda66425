#include "io/signal_fd.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <utility>

#include "io/status.h"

namespace mosh::io {

absl::StatusOr<std::unique_ptr<SignalSource>> SignalFd::Open(KernelReactor* reactor,
                                                             std::initializer_list<int> signals) {
  sigset_t wanted, before, blocked_here;
  sigemptyset(&wanted);
  for (const int signal : signals) sigaddset(&wanted, signal);
  OwnedFd fd(signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "signalfd");
  // One of ours arriving before this line has its usual effect, after it goes to the descriptor.
  pthread_sigmask(SIG_BLOCK, &wanted, &before);
  sigemptyset(&blocked_here);
  for (const int signal : signals) {
    if (sigismember(&before, signal) == 0) sigaddset(&blocked_here, signal);
  }
  return std::unique_ptr<SignalSource>(new SignalFd(reactor, std::move(fd), blocked_here));
}

SignalFd::~SignalFd() {
  reactor_->ForgetFd(fd_.get());
  fd_.Reset();
  pthread_sigmask(SIG_UNBLOCK, &blocked_here_, nullptr);
}

Task<absl::StatusOr<int>> SignalFd::Next(StopToken stop) {
  if (stop.stop_requested()) co_return StoppedStatus();
  for (;;) {
    signalfd_siginfo info;
    const ssize_t n = read(fd_.get(), &info, sizeof(info));
    if (n == sizeof(info)) co_return static_cast<int>(info.ssi_signo);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
      co_return ErrnoStatus(errno, "read of a signalfd");
    const absl::Status ready = co_await PollOp(reactor_, fd_.get(), POLLIN, stop);
    if (!ready.ok()) co_return ready;
  }
}

}  // namespace mosh::io
