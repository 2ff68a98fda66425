// UDP on io_uring: one multishot receive per socket, into the reactor's shared buffers. Internal to
// io/.
//
// The receive outlives any single wait. It belongs to the socket, and Close() waits for the kernel
// to let go of it.
#ifndef IO_URING_UDP_SOCKET_H_
#define IO_URING_UDP_SOCKET_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "io/event.h"
#include "io/intrusive_list.h"
#include "io/owned_fd.h"
#include "io/udp_socket.h"
#include "io/uring_reactor.h"

namespace mosh::io {

class UringUdpSocket final : public UdpSocket,
                             public ListNode,
                             private DatagramOwner,
                             private Completion {
 public:
  UringUdpSocket(UringReactor* reactor, OwnedFd fd);
  ~UringUdpSocket() override;

  Task<absl::StatusOr<Datagram>> Receive(StopToken stop) override;
  std::optional<Datagram> TryReceive() override;
  BatchResult SendBatch(std::span<const OutgoingDatagram> datagrams) override;
  SocketAddress local_address() const override { return local_; }
  int fd() const override { return fd_.get(); }
  uint64_t oversized_dropped() const override { return oversized_; }
  Task<void> Close() override;

  // For the reactor: buffers are free again.
  void Rearm();

 private:
  struct Arrived {
    uint32_t buffer;
    uint32_t length;
  };

  void Recycle(uint32_t buffer) override { reactor_->RecycleBuffer(buffer); }
  void OnCompletion(int32_t result, uint32_t flags) override;
  // The datagram in a buffer, or nothing if it was too long.
  std::optional<Datagram::Facts> Parse(const Arrived& arrived);

  UringReactor* reactor_;
  OwnedFd fd_;
  SocketAddress local_;
  uint64_t oversized_ = 0;
  msghdr message_{};  // the layout of the buffers; the kernel reads it at submission
  bool receiving_ = false;
  bool closing_ = false;
  int error_ = 0;
  std::array<Arrived, UringBuffers::kCount>
      arrived_;  // a ring: no more can be out than there are buffers
  size_t first_ = 0;
  size_t count_ = 0;
  Event changed_;
};

}  // namespace mosh::io

#endif  // IO_URING_UDP_SOCKET_H_
