#include "io/uring_udp_socket.h"

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "io/status.h"
#include "io/udp_kernel.h"

namespace mosh::io {

UringUdpSocket::UringUdpSocket(UringReactor* reactor, OwnedFd fd)
    : reactor_(reactor), fd_(std::move(fd)), local_(BoundAddress(fd_.get())) {
  message_.msg_namelen = kUdpNameSize;
  message_.msg_controllen = kUdpControlSize;
}

UringUdpSocket::~UringUdpSocket() {
  CHECK(!receiving_);
  CHECK(!fd_.valid());
}

void UringUdpSocket::Rearm() {
  receiving_ = true;
  reactor_->StartReceive(fd_.get(), &message_, this);
}

void UringUdpSocket::OnCompletion(int32_t result, uint32_t flags) {
  if (result >= 0) {
    CHECK((flags & IORING_CQE_F_BUFFER) != 0);
    CHECK(count_ < arrived_.size());
    reactor_->buffers().Taken();
    reactor_->OnDatagrams(1);
    arrived_[(first_ + count_++) % arrived_.size()] = {flags >> IORING_CQE_BUFFER_SHIFT,
                                                       static_cast<uint32_t>(result)};
  }
  changed_.Set();
  if ((flags & IORING_CQE_F_MORE) != 0) return;
  receiving_ = false;
  if (closing_) return;
  if (result == -ENOBUFS && !reactor_->buffers().any_free()) {
    reactor_->WaitForBuffer(this);
  } else if (result >= 0 || result == -ENOBUFS || IsTransientUdpError(-result)) {
    Rearm();
  } else {
    error_ = -result;
  }
}

std::optional<Datagram::Facts> UringUdpSocket::Parse(const Arrived& arrived) {
  const std::span<uint8_t> buffer = reactor_->buffers().Buffer(arrived.buffer);
  io_uring_recvmsg_out* out =
      io_uring_recvmsg_validate(buffer.data(), static_cast<int>(arrived.length), &message_);
  if (out == nullptr || (out->flags & MSG_TRUNC) != 0) return std::nullopt;
  Datagram::Facts facts;
  facts.bytes = {static_cast<uint8_t*>(io_uring_recvmsg_payload(out, &message_)),
                 io_uring_recvmsg_payload_length(out, static_cast<int>(arrived.length), &message_)};
  if (facts.bytes.size() > kMaxDatagramSize) return std::nullopt;
  facts.from =
      SocketAddress::FromSockaddr(static_cast<sockaddr*>(io_uring_recvmsg_name(out)), out->namelen);
  msghdr control{};
  control.msg_control = static_cast<uint8_t*>(io_uring_recvmsg_name(out)) + message_.msg_namelen;
  control.msg_controllen = out->controllen;
  ParseUdpControl(control, local_.port(), &facts);
  return facts;
}

std::optional<Datagram> UringUdpSocket::TryReceive() {
  while (count_ != 0) {
    const Arrived arrived = arrived_[first_];
    first_ = (first_ + 1) % arrived_.size();
    --count_;
    const std::optional<Datagram::Facts> facts = Parse(arrived);
    if (facts.has_value()) return Datagram(*facts, this, arrived.buffer);
    ++oversized_;
    Recycle(arrived.buffer);
  }
  return std::nullopt;
}

Task<absl::StatusOr<Datagram>> UringUdpSocket::Receive(StopToken stop) {
  for (;;) {
    if (stop.stop_requested()) co_return StoppedStatus();
    std::optional<Datagram> here = TryReceive();
    if (here.has_value()) co_return *std::move(here);
    if (error_ != 0) co_return ErrnoStatus(error_, "recvmsg");
    if (!receiving_ && !linked()) Rearm();
    changed_.Reset();
    const absl::Status ready = co_await changed_.Wait(stop);
    if (!ready.ok()) co_return ready;
  }
}

BatchResult UringUdpSocket::SendBatch(std::span<const OutgoingDatagram> datagrams) {
  return SendUdp(fd_.get(), local_.family(), datagrams);
}

Task<void> UringUdpSocket::Close() {
  closing_ = true;
  Unlink();
  if (receiving_) reactor_->Cancel(this);
  while (receiving_) {
    changed_.Reset();
    (co_await changed_.Wait()).IgnoreError();
  }
  while (TryReceive().has_value()) {
  }
  fd_.Reset();
}

}  // namespace mosh::io
