// The programs that the kernel runs for each datagram on the shared port, before any of our
// processes wakes up. Classic BPF, so that neither root nor a kernel option is needed. Source:
// docs/adr/0005, crypto/route_tag.h.
#ifndef SERVER_GATE_ROUTE_PROGRAM_H_
#define SERVER_GATE_ROUTE_PROGRAM_H_

#include <linux/filter.h>

#include <cstddef>
#include <vector>

#include "absl/status/status.h"

namespace mosh::server::gate {

// Nonce (8 octets) and authentication tag (16): nothing shorter can be anything of ours.
inline constexpr size_t kLeastDatagram = 24;

// Picks the socket of a group of `sockets`: that of the Host in the route tag; 0, the gate's own,
// for everything else.
std::vector<sock_filter> RouteProgram(size_t sockets);
// For the gate's own socket: drops what no stock client can have sent: too short, from a server, or
// with a route tag that isn't all zeros. For the rest it runs off its end.
std::vector<sock_filter> StockClientCheck();

// `socket`: any of the group. Replaces what was attached before.
absl::Status AttachRouteProgram(int socket, size_t sockets);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_ROUTE_PROGRAM_H_
