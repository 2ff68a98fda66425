// What both kernel backends do alike for UDP: socket options, control messages, sending. Internal
// to io/.
#ifndef IO_UDP_KERNEL_H_
#define IO_UDP_KERNEL_H_

#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "absl/status/statusor.h"
#include "io/address.h"
#include "io/owned_fd.h"
#include "io/udp_socket.h"

namespace mosh::io {

// Datagrams taken in one wake-up, and the least number of leases a socket has.
inline constexpr size_t kUdpBatch = 16;

// Room for a source address: a sockaddr_in6, rounded up so that control messages after it are
// aligned.
inline constexpr size_t kUdpNameSize = 32;

// Room for every control message that ConfigureUdp asks for, on a dual-stack socket.
inline constexpr size_t kUdpControlSize = 192;

// A non-blocking socket with the options of docs/spec/transport.md §4.1, bound.
absl::StatusOr<OwnedFd> OpenUdp(const SocketAddress& local, const UdpOptions& options);

// The same options on a socket that came from elsewhere. Fails if it isn't a bound UDP socket.
absl::Status ConfigureUdp(int fd, const UdpOptions& options);

// getsockname.
SocketAddress BoundAddress(int fd);

// Fills `to`, `ecn` and `arrived_at` from the control messages of a received datagram. `message`
// needs msg_control and msg_controllen only; `port` is the socket's.
void ParseUdpControl(const msghdr& message, uint16_t port, Datagram::Facts* facts);

// sendmmsg, in pieces. `family` is the socket's: addresses are mapped to it.
BatchResult SendUdp(int fd, int family, std::span<const OutgoingDatagram> datagrams);

// A receive error after which the socket still works.
bool IsTransientUdpError(int error);

}  // namespace mosh::io

#endif  // IO_UDP_KERNEL_H_
