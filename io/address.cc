#include "io/address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <array>

#include "absl/strings/str_cat.h"

namespace mosh::io {

absl::StatusOr<SocketAddress> SocketAddress::Parse(absl::string_view host, uint16_t port) {
  // getaddrinfo and not inet_pton, for the scope of a link-local address. Numeric: it asks nobody.
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string text(host.data(), host.size());
  if (getaddrinfo(text.c_str(), nullptr, &hints, &found) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("not a numeric IP address: ", host));
  }
  const SocketAddress address = FromSockaddr(found->ai_addr, found->ai_addrlen).WithPort(port);
  freeaddrinfo(found);
  if (address.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("not an IPv4 or IPv6 address: ", host));
  }
  return address;
}

SocketAddress SocketAddress::FromSockaddr(const sockaddr* address, socklen_t length) {
  SocketAddress result;
  if (length < sizeof(sa_family_t)) return result;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    result.storage_.v4.sin_family = AF_INET;
    result.storage_.v4.sin_port = v4.sin_port;
    result.storage_.v4.sin_addr = v4.sin_addr;
  } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    result.storage_.v6.sin6_family = AF_INET6;
    result.storage_.v6.sin6_port = v6.sin6_port;
    result.storage_.v6.sin6_addr = v6.sin6_addr;
    result.storage_.v6.sin6_scope_id = v6.sin6_scope_id;
  }
  return result;
}

SocketAddress SocketAddress::AnyV4(uint16_t port) {
  SocketAddress a;
  a.storage_.v4.sin_family = AF_INET;
  a.storage_.v4.sin_port = htons(port);
  return a;
}

SocketAddress SocketAddress::AnyV6(uint16_t port) {
  SocketAddress a;
  a.storage_.v6.sin6_family = AF_INET6;
  a.storage_.v6.sin6_port = htons(port);
  return a;
}

SocketAddress SocketAddress::LoopbackV4(uint16_t port) {
  SocketAddress a = AnyV4(port);
  a.storage_.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

SocketAddress SocketAddress::LoopbackV6(uint16_t port) {
  SocketAddress a = AnyV6(port);
  a.storage_.v6.sin6_addr = in6addr_loopback;
  return a;
}

uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
  return 0;
}

SocketAddress SocketAddress::WithPort(uint16_t port) const {
  SocketAddress a = *this;
  if (family() == AF_INET) a.storage_.v4.sin_port = htons(port);
  if (family() == AF_INET6) a.storage_.v6.sin6_port = htons(port);
  return a;
}

std::string SocketAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &storage_.v4.sin_addr, text.data(), text.size());
    return text.data();
  }
  if (family() != AF_INET6) return "";
  inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text.data(), text.size());
  if (storage_.v6.sin6_scope_id == 0) return text.data();
  return absl::StrCat(text.data(), "%", storage_.v6.sin6_scope_id);
}

std::string SocketAddress::ToString() const {
  if (family() == AF_INET) return absl::StrCat(host(), ":", port());
  if (family() == AF_INET6) return absl::StrCat("[", host(), "]:", port());
  return "none";
}

bool SocketAddress::is_wildcard() const {
  if (family() == AF_INET) return storage_.v4.sin_addr.s_addr == htonl(INADDR_ANY);
  return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&storage_.v6.sin6_addr);
}

bool SocketAddress::is_loopback() const {
  const SocketAddress plain = Unmapped();
  if (plain.family() == AF_INET) return ntohl(plain.storage_.v4.sin_addr.s_addr) >> 24 == 127;
  return plain.family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&plain.storage_.v6.sin6_addr);
}

bool SocketAddress::is_v4_mapped() const {
  return family() == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr);
}

SocketAddress SocketAddress::Unmapped() const {
  if (!is_v4_mapped()) return *this;
  SocketAddress a = AnyV4(port());
  std::memcpy(&a.storage_.v4.sin_addr, &storage_.v6.sin6_addr.s6_addr[12], 4);
  return a;
}

SocketAddress SocketAddress::Mapped() const {
  if (family() != AF_INET) return *this;
  SocketAddress a = AnyV6(port());
  a.storage_.v6.sin6_addr.s6_addr[10] = 0xff;
  a.storage_.v6.sin6_addr.s6_addr[11] = 0xff;
  std::memcpy(&a.storage_.v6.sin6_addr.s6_addr[12], &storage_.v4.sin_addr, 4);
  return a;
}

socklen_t SocketAddress::length() const {
  if (family() == AF_INET) return sizeof(sockaddr_in);
  if (family() == AF_INET6) return sizeof(sockaddr_in6);
  return 0;
}

}  // namespace mosh::io
