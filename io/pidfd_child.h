// PidfdChild: a child process watched by its pidfd, which is opened when somebody waits: a server
// holds thousands of children and waits for few. Internal to io/.
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
  // `pid` is an unreaped child of this process; nobody else reaps it.
  PidfdChild(KernelReactor* reactor, pid_t pid) : reactor_(reactor), pid_(pid) {}
  ~PidfdChild() override;

  pid_t pid() const override { return pid_; }
  Task<absl::StatusOr<ExitStatus>> Wait(StopToken stop) override;
  absl::Status Kill(int signal) override;

 private:
  KernelReactor* reactor_;
  pid_t pid_;  // nobody else's before it is reaped
  OwnedFd pidfd_;
  std::optional<ExitStatus> status_;
};

}  // namespace mosh::io

#endif  // IO_PIDFD_CHILD_H_
