// The epoll backend: for kernels and containers that refuse io_uring. Internal to io/.
#ifndef IO_EPOLL_REACTOR_H_
#define IO_EPOLL_REACTOR_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "io/kernel_reactor.h"
#include "io/owned_fd.h"

namespace mosh::io {

class EpollReactor final : public KernelReactor {
 public:
  static absl::StatusOr<std::unique_ptr<Reactor>> Create();
  ~EpollReactor() override;

  absl::string_view name() const override { return "epoll"; }
  absl::StatusOr<std::unique_ptr<UdpSocket>> BindUdp(const SocketAddress& local,
                                                     const UdpOptions& options) override;
  absl::StatusOr<std::unique_ptr<UdpSocket>> AdoptUdp(OwnedFd fd,
                                                      const UdpOptions& options) override;
  void ForgetFd(int fd) override;

 private:
  // What coroutines want to know of one descriptor, and what the kernel has been asked. They are
  // made equal only just before sleeping: a reader that waits again within its turn costs no system
  // call.
  struct Interest {
    PollOp* reader = nullptr;
    PollOp* writer = nullptr;
    uint32_t asked = 0;  // EPOLLIN, EPOLLOUT; 0: not in the epoll set
    bool changed = false;
  };

  explicit EpollReactor(OwnedFd epoll) : epoll_(std::move(epoll)) {}
  void StartPoll(PollOp* op) override;
  void CancelPoll(PollOp* op) override;
  void PollKernel(Instant deadline, std::chrono::nanoseconds gather) override;
  void OnWaitEnd(int fd) override;
  void MarkChanged(int fd);
  void AskKernel();
  void Complete(PollOp** op, int32_t result);
  int Wait(Instant deadline);

  OwnedFd epoll_;
  std::vector<Interest> interests_;  // by descriptor
  std::vector<int> changed_;
  bool nanoseconds_ = true;  // epoll_pwait2 works
};

}  // namespace mosh::io

#endif  // IO_EPOLL_REACTOR_H_
