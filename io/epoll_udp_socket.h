// UDP on the epoll backend: recvmmsg into a pool of the socket's own. Internal to io/.
#ifndef IO_EPOLL_UDP_SOCKET_H_
#define IO_EPOLL_UDP_SOCKET_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "io/event.h"
#include "io/kernel_reactor.h"
#include "io/owned_fd.h"
#include "io/udp_kernel.h"
#include "io/udp_socket.h"

namespace mosh::io {

class EpollUdpSocket final : public UdpSocket, private DatagramOwner {
 public:
  EpollUdpSocket(KernelReactor* reactor, OwnedFd fd);
  ~EpollUdpSocket() override;

  Task<absl::StatusOr<Datagram>> Receive(StopToken stop) override;
  std::optional<Datagram> TryReceive() override;
  BatchResult SendBatch(std::span<const OutgoingDatagram> datagrams) override;
  SocketAddress local_address() const override { return local_; }
  int fd() const override { return fd_.get(); }
  uint64_t oversized_dropped() const override { return oversized_; }
  Task<void> Close() override;

 private:
  struct Arrived {
    Datagram::Facts facts;
    uint32_t buffer;
  };

  void Recycle(uint32_t buffer) override;
  // Into all free buffers. Returns an errno value, 0 if it went well.
  int ReceiveBatch();
  std::span<uint8_t> Buffer(uint32_t index);

  KernelReactor* reactor_;
  OwnedFd fd_;
  SocketAddress local_;
  uint64_t oversized_ = 0;
  std::unique_ptr<uint8_t[]> memory_;  // kUdpBatch buffers; pages are touched when first used
  std::array<uint32_t, kUdpBatch> free_;
  size_t free_count_ = kUdpBatch;
  std::array<Arrived, kUdpBatch> arrived_;  // [next_, arrived_count_) are still to be delivered
  size_t arrived_count_ = 0;
  size_t next_ = 0;
  Event recycled_;
};

}  // namespace mosh::io

#endif  // IO_EPOLL_UDP_SOCKET_H_
