// SignalFd: SignalSource over signalfd(2). Internal to io/.
#ifndef IO_SIGNAL_FD_H_
#define IO_SIGNAL_FD_H_

#include <signal.h>

#include <initializer_list>
#include <memory>

#include "absl/status/statusor.h"
#include "io/kernel_reactor.h"
#include "io/owned_fd.h"
#include "io/signals.h"

namespace mosh::io {

class SignalFd final : public SignalSource {
 public:
  static absl::StatusOr<std::unique_ptr<SignalSource>> Open(KernelReactor* reactor,
                                                            std::initializer_list<int> signals);
  ~SignalFd() override;
  Task<absl::StatusOr<int>> Next(StopToken stop) override;

 private:
  SignalFd(KernelReactor* reactor, OwnedFd fd, const sigset_t& blocked_here)
      : reactor_(reactor), fd_(std::move(fd)), blocked_here_(blocked_here) {}

  KernelReactor* reactor_;
  OwnedFd fd_;
  // What this source has blocked, and nobody before it.
  sigset_t blocked_here_;
};

}  // namespace mosh::io

#endif  // IO_SIGNAL_FD_H_
