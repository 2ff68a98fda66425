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

absl::StatusOr<std::unique_ptr<Child>> PidfdChild::Open(KernelReactor* reactor, pid_t pid) {
  OwnedFd pidfd(pidfd_open(pid, 0));
  if (!pidfd.valid()) return ErrnoStatus(errno, "pidfd_open");
  return std::unique_ptr<Child>(new PidfdChild(reactor, pid, std::move(pidfd)));
}

PidfdChild::~PidfdChild() { reactor_->ForgetFd(pidfd_.get()); }

Task<absl::StatusOr<ExitStatus>> PidfdChild::Wait(StopToken stop) {
  if (status_.has_value()) co_return *status_;
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
  if (pidfd_send_signal(pidfd_.get(), signal, nullptr, 0) != 0) return ErrnoStatus(errno, "kill");
  return absl::OkStatus();
}

}  // namespace mosh::io
