#include "io/udp_socket.h"

namespace mosh::io {

Datagram& Datagram::operator=(Datagram&& other) noexcept {
  if (this != &other) {
    if (owner_ != nullptr) owner_->Recycle(buffer_);
    facts_ = other.facts_;
    owner_ = std::exchange(other.owner_, nullptr);
    buffer_ = other.buffer_;
  }
  return *this;
}

absl::Status UdpSocket::SendNow(std::span<const uint8_t> bytes, const SocketAddress& to) {
  const OutgoingDatagram datagram{.bytes = bytes, .to = to, .from = {}};
  return SendBatch(std::span(&datagram, 1)).status;
}

}  // namespace mosh::io
