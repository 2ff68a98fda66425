// SocketAddress: an IPv4 or IPv6 address with a port, as a small value (no DNS here).
#ifndef IO_ADDRESS_H_
#define IO_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::io {

class SocketAddress {
 public:
  // No address: family() is AF_UNSPEC.
  SocketAddress() : storage_{} {}

  // A numeric address ("192.0.2.1", "2001:db8::1", "fe80::1%eth0") and a port in host order.
  static absl::StatusOr<SocketAddress> Parse(absl::string_view host, uint16_t port);
  // From the kernel's form. Anything but a complete AF_INET or AF_INET6 address gives the empty
  // address.
  static SocketAddress FromSockaddr(const sockaddr* address, socklen_t length);
  static SocketAddress AnyV4(uint16_t port);
  static SocketAddress AnyV6(uint16_t port);
  static SocketAddress LoopbackV4(uint16_t port);
  static SocketAddress LoopbackV6(uint16_t port);

  // AF_INET, AF_INET6 or AF_UNSPEC.
  int family() const { return storage_.any.sa_family; }
  bool empty() const { return family() == AF_UNSPEC; }
  uint16_t port() const;
  SocketAddress WithPort(uint16_t port) const;
  // "192.0.2.1", "2001:db8::1%2"; empty for no address. An IPv4 client of a dual-stack socket shows
  // as "::ffff:192.0.2.1".
  std::string host() const;
  // "192.0.2.1:60001", "[2001:db8::1]:60001", "none".
  std::string ToString() const;

  bool is_wildcard() const;
  bool is_loopback() const;
  bool is_v4_mapped() const;
  // The IPv4 address inside ::ffff:a.b.c.d; any other address unchanged.
  SocketAddress Unmapped() const;
  // The IPv6 form of an IPv4 address, for sending from a dual-stack socket; any other address
  // unchanged.
  SocketAddress Mapped() const;

  const sockaddr* address() const { return &storage_.any; }
  // Length of the kernel's form; 0 for no address.
  socklen_t length() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) {
    return a.length() == b.length() && std::memcmp(&a.storage_, &b.storage_, a.length()) == 0;
  }
  // Total order (family, address, port, scope): for ordered maps.
  friend bool operator<(const SocketAddress& a, const SocketAddress& b) {
    return std::memcmp(&a.storage_, &b.storage_, sizeof(Storage)) < 0;
  }
  template <typename H>
  friend H AbslHashValue(H h, const SocketAddress& a) {
    return H::combine_contiguous(std::move(h), reinterpret_cast<const uint8_t*>(&a.storage_),
                                 sizeof(Storage));
  }

 private:
  // Unused bytes are zero, so that comparing bytes compares addresses.
  union Storage {
    sockaddr_in6 v6;
    sockaddr_in v4;
    sockaddr any;
  };
  Storage storage_;
};

}  // namespace mosh::io

#endif  // IO_ADDRESS_H_
