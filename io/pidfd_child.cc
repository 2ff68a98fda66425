#include "io/pidfd_child.h"

#include <signal.h>
#include <sys/wait.h>
// Without linkage of its own in glibc 2.36.
extern "C" {
#include <sys/pidfd.h>
}

#include <cerrno>
#include <utility>

#include "io/status.h"

namespace mosh::io {

PidfdChild::~PidfdChild() {
  if (pidfd_.valid()) reactor_->ForgetFd(pidfd_.get());
}

Task<absl::StatusOr<ExitStatus>> PidfdChild::Wait(StopToken stop) {
  if (status_.has_value()) co_return *status_;
  if (!pidfd_.valid()) pidfd_ = OwnedFd(pidfd_open(pid_, 0));
  if (!pidfd_.valid()) co_return ErrnoStatus(errno, "pidfd_open");
  const absl::Status ready = co_await PollOp(reactor_, pidfd_.get(), POLLIN, stop);
  if (!ready.ok()) co_return ready;
  siginfo_t info{};
  int error;
  do {
    error =
        waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error != 0) co_return ErrnoStatus(error, "waitid");
  status_ = ExitStatus{.signaled = info.si_code != CLD_EXITED, .value = info.si_status};
  co_return *status_;
}

absl::Status PidfdChild::Kill(int signal) {
  if (status_.has_value()) return ErrnoStatus(ESRCH, "kill");
  if (kill(pid_, signal) != 0) return ErrnoStatus(errno, "kill");
  return absl::OkStatus();
}

}  // namespace mosh::io
