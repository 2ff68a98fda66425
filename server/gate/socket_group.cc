#include "server/gate/socket_group.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "io/status.h"
#include "server/gate/route_program.h"
#include "server/source_filter.h"

namespace mosh::server::gate {
namespace {

bool SetInt(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

absl::StatusOr<io::OwnedFd> MakeSocket(const io::SocketAddress& local) {
  io::OwnedFd fd(socket(local.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!fd.valid()) return io::ErrnoStatus(errno, "socket");
  if (local.family() == AF_INET6 &&
      !SetInt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, local.is_wildcard() ? 0 : 1)) {
    return io::ErrnoStatus(errno, "setsockopt(IPV6_V6ONLY)");
  }
  return fd;
}

absl::Status Bind(int fd, const io::SocketAddress& local) {
  if (bind(fd, local.address(), local.length()) == 0) return absl::OkStatus();
  return io::ErrnoStatus(errno, "bind " + local.ToString());
}

absl::Status ShareThePort(int fd) {
  if (SetInt(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return absl::OkStatus();
  return io::ErrnoStatus(errno, "setsockopt(SO_REUSEPORT)");
}

io::SocketAddress BoundTo(int fd) {
  sockaddr_storage raw{};
  socklen_t length = sizeof raw;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &length) != 0) return {};
  return io::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&raw), length);
}

}  // namespace

absl::StatusOr<SocketGroup> SocketGroup::Open(const io::SocketAddress& local) {
  absl::StatusOr<io::OwnedFd> first = MakeSocket(local);
  if (!first.ok()) return first.status();
  // Alone first: sharing it before would let it join whatever group has the port already.
  if (absl::Status s = Bind(first->get(), local); !s.ok()) return s;
  return Around(*std::move(first));
}

absl::StatusOr<SocketGroup> SocketGroup::Around(io::OwnedFd socket) {
  SocketGroup group;
  group.local_ = BoundTo(socket.get());
  if (group.local_.port() == 0) return absl::InvalidArgumentError("not a bound UDP socket");
  if (absl::Status s = ShareThePort(socket.get()); !s.ok()) return s;
  group.sockets_.push_back(std::move(socket));
  // The kernel makes a group only of two.
  if (absl::Status s = group.Grow(); !s.ok()) return s;
  if (absl::Status s = AttachCheck(group.socket(0), StockClientCheck()); !s.ok()) return s;
  if (absl::Status s = group.Steer(); !s.ok()) return s;
  return group;
}

absl::StatusOr<SocketGroup> SocketGroup::Adopt(std::vector<io::OwnedFd> sockets) {
  SocketGroup group;
  if (sockets.size() < 2) return absl::InvalidArgumentError("a group has at least two sockets");
  group.local_ = BoundTo(sockets.front().get());
  for (const io::OwnedFd& fd : sockets) {
    if (group.local_.empty() || !(BoundTo(fd.get()) == group.local_)) {
      return absl::InvalidArgumentError("not the sockets of one port");
    }
  }
  group.sockets_ = std::move(sockets);
  if (absl::Status s = AttachCheck(group.socket(0), StockClientCheck()); !s.ok()) return s;
  if (absl::Status s = group.Steer(); !s.ok()) return s;
  return group;
}

absl::Status SocketGroup::Grow() {
  absl::StatusOr<io::OwnedFd> fd = MakeSocket(local_);
  if (!fd.ok()) return fd.status();
  if (absl::Status s = ShareThePort(fd->get()); !s.ok()) return s;
  if (absl::Status s = Bind(fd->get(), local_); !s.ok()) return s;
  sockets_.push_back(*std::move(fd));
  return absl::OkStatus();
}

absl::Status SocketGroup::Steer() { return AttachRouteProgram(socket(0), size()); }

void SocketGroup::Drain(size_t number) {
  uint8_t first;
  // Bounded: a flood must not keep the gate here.
  for (int i = 0; i < 4096; ++i) {
    if (recv(socket(number), &first, sizeof first, MSG_DONTWAIT | MSG_TRUNC) < 0) return;
  }
}

}  // namespace mosh::server::gate
