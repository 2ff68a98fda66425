// PidfdChild: a child process watched by its pidfd. Internal to io/.
#ifndef IO_PIDFD_CHILD_H_
#define IO_PIDFD_CHILD_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "io/child.h"
#include "io/kernel_reactor.h"
#include "io/owned_fd.h"

namespace mosh::io {

class PidfdChild final : public Child {
 public:
  // `pid` is an unreaped child of this process.
  static absl::StatusOr<std::unique_ptr<Child>> Open(KernelReactor* reactor, pid_t pid);
  ~PidfdChild() override;

  pid_t pid() const override { return pid_; }
  Task<absl::StatusOr<ExitStatus>> Wait(StopToken stop) override;
  absl::Status Kill(int signal) override;

 private:
  PidfdChild(KernelReactor* reactor, pid_t pid, OwnedFd pidfd)
      : reactor_(reactor), pid_(pid), pidfd_(std::move(pidfd)) {}

  KernelReactor* reactor_;
  pid_t pid_;
  OwnedFd pidfd_;
  std::optional<ExitStatus> status_;
};

}  // namespace mosh::io

#endif  // IO_PIDFD_CHILD_H_
