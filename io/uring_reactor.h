// The io_uring backend: one ring, used by one thread, completions run when the loop asks for them.
// Internal to io/.
//
// Needs Linux 6.1 (SINGLE_ISSUER, DEFER_TASKRUN, multishot recvmsg with a provided buffer ring).
#ifndef IO_URING_REACTOR_H_
#define IO_URING_REACTOR_H_

#include <liburing.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "io/intrusive_list.h"
#include "io/kernel_reactor.h"
#include "io/uring_buffers.h"

namespace mosh::io {

class UringUdpSocket;

class UringReactor final : public KernelReactor {
 public:
  // kUnavailable with the reason when the kernel refuses.
  static absl::StatusOr<std::unique_ptr<Reactor>> Create();
  ~UringReactor() override;

  absl::string_view name() const override { return "io_uring"; }
  absl::StatusOr<std::unique_ptr<UdpSocket>> BindUdp(const SocketAddress& local,
                                                     const UdpOptions& options) override;
  absl::StatusOr<std::unique_ptr<UdpSocket>> AdoptUdp(OwnedFd fd,
                                                      const UdpOptions& options) override;

  // --- For UringUdpSocket ---

  // Starts the multishot receive of `message` into the shared buffers; each datagram and the end
  // are completions.
  void StartReceive(int fd, msghdr* message, Completion* completion);
  // Asks for the end of whatever `completion` is waiting for; it comes as a completion.
  void Cancel(Completion* completion);
  UringBuffers& buffers() { return *buffers_; }
  // The socket's receive ended because no buffer was free: it goes on when one is.
  void WaitForBuffer(UringUdpSocket* socket);
  void RecycleBuffer(uint32_t buffer);

 private:
  UringReactor() = default;
  void StartPoll(PollOp* op) override;
  void CancelPoll(PollOp* op) override;
  void PollKernel(Instant deadline, std::chrono::nanoseconds gather) override;
  absl::StatusOr<std::unique_ptr<UdpSocket>> MakeSocket(OwnedFd fd);
  // Never fails: a full queue is handed to the kernel first.
  io_uring_sqe* NextSqe();
  void Reap();

  io_uring ring_;
  std::unique_ptr<UringBuffers> buffers_;  // made with the first socket
  IntrusiveList<UringUdpSocket> starved_;
};

}  // namespace mosh::io

#endif  // IO_URING_REACTOR_H_
