// The receive buffers of one ring, provided to the kernel in a buffer ring. Internal to io/.
//
// The kernel picks a buffer when a datagram has come, so sixteen serve any number of sockets; the
// rest of a burst waits in the sockets' own queues.
#ifndef IO_URING_BUFFERS_H_
#define IO_URING_BUFFERS_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "io/udp_kernel.h"
#include "io/udp_socket.h"

namespace mosh::io {

class UringBuffers {
 public:
  static constexpr uint16_t kGroup = 0;
  static constexpr size_t kCount = kUdpBatch;  // a power of two
  // The kernel's header, address, control messages and payload of one datagram; a multiple of a
  // cache line.
  static constexpr size_t kSize = (sizeof(io_uring_recvmsg_out) + sizeof(sockaddr_in6) +
                                   kUdpControlSize + kMaxDatagramSize + 63) /
                                  64 * 64;

  static absl::StatusOr<std::unique_ptr<UringBuffers>> Create(io_uring* ring);
  // Before the ring goes.
  ~UringBuffers();

  std::span<uint8_t> Buffer(uint32_t index) const;
  void Recycle(uint32_t index);
  // A completion brought this one.
  void Taken() { --free_; }
  // Some buffer is the kernel's to fill, as far as completions seen so far tell.
  bool any_free() const { return free_ != 0; }

 private:
  UringBuffers(io_uring* ring, uint8_t* memory);
  io_uring_buf_ring* ring_memory() const { return reinterpret_cast<io_uring_buf_ring*>(memory_); }

  io_uring* ring_;
  size_t free_ = 0;
  uint8_t* memory_;  // the buffer ring's page, then the buffers
};

}  // namespace mosh::io

#endif  // IO_URING_BUFFERS_H_
