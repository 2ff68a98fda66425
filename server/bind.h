// Opens the server's UDP port. Source: docs/spec/transport.md §4.3, docs/spec/cli.md §3.1.
//
// Done with plain system calls before the process detaches, because the port is announced on a
// stdout that only the foreground process has; the reactor adopts the socket afterwards.
#ifndef SERVER_BIND_H_
#define SERVER_BIND_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "server/port_range.h"

namespace mosh::server {

struct BoundSocket {
  io::OwnedFd fd;
  uint16_t port = 0;
};

// Binds to `address` (numeric; empty: none wanted) or, failing that, to any interface: IPv6 and
// IPv4 on one socket where the machine can, else IPv4. The lowest free port of the range wins. What
// goes wrong on the way is appended to `messages`, in lines for stderr; an error means that nothing
// at all could be bound.
absl::StatusOr<BoundSocket> BindServerPort(const std::string& address, PortRange ports,
                                           std::string* messages);

}  // namespace mosh::server

#endif  // SERVER_BIND_H_
