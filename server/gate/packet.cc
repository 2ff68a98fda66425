#include "server/gate/packet.h"

#include <netinet/in.h>

#include <cstring>

namespace mosh::server::gate {
namespace {

// The first octet of an address.
enum AddressKind : uint8_t { kNone = 0, kV4 = 4, kV6 = 6 };

}  // namespace

PacketWriter& PacketWriter::Text(absl::string_view text) {
  Number(static_cast<uint32_t>(text.size()));
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  return *this;
}

PacketWriter& PacketWriter::Rest(std::span<const uint8_t> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

PacketWriter& PacketWriter::Address(const io::SocketAddress& address) {
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.address());
    return Number(kV4).Number(address.port()).Number(ntohl(v4->sin_addr.s_addr));
  }
  if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.address());
    Number(kV6).Number(address.port()).Number(v6->sin6_scope_id);
    return Rest(v6->sin6_addr.s6_addr);
  }
  return Number(kNone);
}

std::span<const uint8_t> PacketReader::Bytes(size_t size) {
  if (size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::span<const uint8_t> taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::string PacketReader::Text() {
  const auto size = Number<uint32_t>();
  const std::span<const uint8_t> bytes = Bytes(size);
  return std::string(bytes.begin(), bytes.end());
}

io::SocketAddress PacketReader::Address() {
  const auto kind = Number<uint8_t>();
  if (kind == kV4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(Number<uint16_t>());
    v4.sin_addr.s_addr = htonl(Number<uint32_t>());
    return io::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&v4), sizeof v4);
  }
  if (kind == kV6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(Number<uint16_t>());
    v6.sin6_scope_id = Number<uint32_t>();
    const std::span<const uint8_t> address = Bytes(sizeof v6.sin6_addr);
    if (ok_) std::memcpy(&v6.sin6_addr, address.data(), address.size());
    return io::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  }
  if (kind != kNone) ok_ = false;
  return {};
}

}  // namespace mosh::server::gate
