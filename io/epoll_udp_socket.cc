#include "io/epoll_udp_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "io/status.h"

namespace mosh::io {

EpollUdpSocket::EpollUdpSocket(KernelReactor* reactor, OwnedFd fd)
    : reactor_(reactor),
      fd_(std::move(fd)),
      local_(BoundAddress(fd_.get())),
      memory_(std::make_unique_for_overwrite<uint8_t[]>(kUdpBatch * kMaxDatagramSize)) {
  for (uint32_t i = 0; i < kUdpBatch; ++i) free_[i] = kUdpBatch - 1 - i;
}

EpollUdpSocket::~EpollUdpSocket() { CHECK(!fd_.valid()); }

std::span<uint8_t> EpollUdpSocket::Buffer(uint32_t index) {
  return {memory_.get() + index * kMaxDatagramSize, kMaxDatagramSize};
}

void EpollUdpSocket::Recycle(uint32_t buffer) {
  free_[free_count_++] = buffer;
  recycled_.Set();
}

int EpollUdpSocket::ReceiveBatch() {
  std::array<mmsghdr, kUdpBatch> messages;
  std::array<iovec, kUdpBatch> data;
  std::array<sockaddr_in6, kUdpBatch> names;
  alignas(cmsghdr) std::array<std::array<char, kUdpControlSize>, kUdpBatch> control;
  const size_t count = free_count_;
  for (size_t i = 0; i < count; ++i) {
    const std::span<uint8_t> buffer = Buffer(free_[count - 1 - i]);
    data[i] = {.iov_base = buffer.data(), .iov_len = buffer.size()};
    messages[i].msg_hdr = {};
    messages[i].msg_hdr.msg_name = &names[i];
    messages[i].msg_hdr.msg_namelen = sizeof(names[i]);
    messages[i].msg_hdr.msg_iov = &data[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_control = control[i].data();
    messages[i].msg_hdr.msg_controllen = kUdpControlSize;
  }
  const int n = recvmmsg(fd_.get(), messages.data(), count, MSG_DONTWAIT, nullptr);
  if (n < 0) return errno;
  reactor_->OnDatagrams(static_cast<uint32_t>(n));
  next_ = arrived_count_ = 0;
  for (int i = 0; i < n; ++i) {
    const uint32_t buffer = free_[count - 1 - i];
    const msghdr& header = messages[i].msg_hdr;
    Arrived& arrived = arrived_[arrived_count_++];
    arrived = {.facts = {}, .buffer = buffer};
    arrived.facts.bytes = Buffer(buffer).first(messages[i].msg_len);
    arrived.facts.from = SocketAddress::FromSockaddr(reinterpret_cast<const sockaddr*>(&names[i]),
                                                     header.msg_namelen);
    ParseUdpControl(header, local_.port(), &arrived.facts);
    if ((header.msg_flags & MSG_TRUNC) != 0)
      arrived.facts.bytes = {static_cast<uint8_t*>(nullptr), 0};
  }
  free_count_ = count - static_cast<size_t>(n);
  return 0;
}

std::optional<Datagram> EpollUdpSocket::TryReceive() {
  while (next_ < arrived_count_) {
    const Arrived& arrived = arrived_[next_++];
    if (arrived.facts.bytes.data() != nullptr) return Datagram(arrived.facts, this, arrived.buffer);
    ++oversized_;
    Recycle(arrived.buffer);
  }
  return std::nullopt;
}

Task<absl::StatusOr<Datagram>> EpollUdpSocket::Receive(StopToken stop) {
  for (;;) {
    if (stop.stop_requested()) co_return StoppedStatus();
    std::optional<Datagram> here = TryReceive();
    if (here.has_value()) co_return *std::move(here);
    absl::Status ready;
    if (free_count_ == 0) {
      recycled_.Reset();
      ready = co_await recycled_.Wait(stop);
    } else {
      ready = co_await PollOp(reactor_, fd_.get(), POLLIN, stop);
    }
    if (!ready.ok()) co_return ready;
    const int error = free_count_ == 0 ? 0 : ReceiveBatch();
    if (error != 0 && !IsTransientUdpError(error)) co_return ErrnoStatus(error, "recvmsg");
  }
}

BatchResult EpollUdpSocket::SendBatch(std::span<const OutgoingDatagram> datagrams) {
  return SendUdp(fd_.get(), local_.family(), datagrams);
}

Task<void> EpollUdpSocket::Close() {
  while (TryReceive().has_value()) {
  }
  reactor_->ForgetFd(fd_.get());
  fd_.Reset();
  co_return;
}

}  // namespace mosh::io
