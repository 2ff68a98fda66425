#include "server/bind.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "io/address.h"
#include "io/status.h"

namespace mosh::server {
namespace {

bool TryBind(int fd, const io::SocketAddress& address) {
  return bind(fd, address.address(), address.length()) == 0;
}

uint16_t BoundPort(int fd) {
  sockaddr_storage name = {};
  socklen_t length = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
  return io::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length).port();
}

// A bound socket, or why not.
absl::StatusOr<BoundSocket> BindFirstFree(const io::SocketAddress& host, PortRange ports,
                                          uint16_t* last_tried) {
  *last_tried = ports.low;
  BoundSocket bound;
  bound.fd = io::OwnedFd(socket(host.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!bound.fd.valid()) return io::ErrnoStatus(errno, "socket");
  if (host.family() == AF_INET6 && host.is_wildcard()) {
    // Without it IPv4 clients can't come in; then the caller is better off with IPv4 alone.
    const int off = 0;
    if (setsockopt(bound.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) {
      return io::ErrnoStatus(errno, "setsockopt");
    }
  }
  int error = 0;
  for (int port = ports.low; port <= ports.high; ++port) {
    *last_tried = static_cast<uint16_t>(port);
    if (TryBind(bound.fd.get(), host.WithPort(*last_tried))) {
      bound.port = BoundPort(bound.fd.get());
      return bound;
    }
    error = errno;
    if (error != EADDRINUSE && error != EACCES) break;  // no other port will do better
  }
  return io::ErrnoStatus(error, "bind");
}

std::string Reason(const absl::Status& status) { return std::string(status.message()); }

absl::StatusOr<BoundSocket> BindAny(PortRange ports, std::string* messages) {
  uint16_t port;
  absl::StatusOr<BoundSocket> bound = BindFirstFree(io::SocketAddress::AnyV6(0), ports, &port);
  if (bound.ok()) return bound;
  bound = BindFirstFree(io::SocketAddress::AnyV4(0), ports, &port);
  if (bound.ok()) return bound;
  absl::StrAppend(messages, "Failed binding to 0.0.0.0:", port, "\n",
                  "Error binding to any interface: ", Reason(bound.status()), "\n");
  return bound;
}

}  // namespace

absl::StatusOr<BoundSocket> BindServerPort(const std::string& address, PortRange ports,
                                           std::string* messages) {
  if (!address.empty()) {
    const absl::StatusOr<io::SocketAddress> parsed = io::SocketAddress::Parse(address, 0);
    if (!parsed.ok()) {
      absl::StrAppend(messages, "Error binding to IP ", address, ": Bad IP address (", address,
                      ")\n");
    } else {
      uint16_t port;
      absl::StatusOr<BoundSocket> bound = BindFirstFree(*parsed, ports, &port);
      if (bound.ok()) return bound;
      absl::StrAppend(messages, "Failed binding to ", address, ":", port, "\n",
                      "Error binding to IP ", address, ": ", Reason(bound.status()), "\n");
    }
  }
  return BindAny(ports, messages);
}

}  // namespace mosh::server
