#include "server/gate/packet_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "io/status.h"

namespace mosh::server::gate {
namespace {

// Connections that wait to be accepted.
constexpr int kBacklog = 128;
constexpr time_t kPatienceSeconds = 5;

using Control = std::array<char, CMSG_SPACE(kMaxPacketFds * sizeof(int))>;

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return io::ErrnoStatus(ENAMETOOLONG, path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* Raw(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

absl::StatusOr<io::OwnedFd> MakeSocket(int flags) {
  io::OwnedFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  if (!fd.valid()) return io::ErrnoStatus(errno, "socket");
  return fd;
}

absl::Status Send(int socket, std::span<const uint8_t> packet, std::span<const int> fds,
                  int flags) {
  CHECK(fds.size() <= kMaxPacketFds);
  alignas(cmsghdr) Control control{};
  iovec data{.iov_base = const_cast<uint8_t*>(packet.data()), .iov_len = packet.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  ssize_t sent;
  do sent = sendmsg(socket, &header, flags | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent >= 0 ? absl::OkStatus() : io::ErrnoStatus(errno, "sendmsg");
}

void TakeFds(msghdr* message, std::vector<io::OwnedFd>* fds) {
  for (cmsghdr* c = CMSG_FIRSTHDR(message); c != nullptr; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      fds->emplace_back(fd);
    }
  }
}

}  // namespace

absl::StatusOr<std::pair<io::OwnedFd, io::OwnedFd>> MakePacketPair() {
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return io::ErrnoStatus(errno, "socketpair");
  }
  return std::pair(io::OwnedFd(ends[0]), io::OwnedFd(ends[1]));
}

absl::StatusOr<io::OwnedFd> ListenAt(const std::string& path, mode_t mode) {
  const absl::StatusOr<sockaddr_un> address = AddressOf(path);
  if (!address.ok()) return address.status();
  absl::StatusOr<io::OwnedFd> fd = MakeSocket(SOCK_NONBLOCK);
  if (!fd.ok()) return fd.status();
  struct stat left_over;
  if (lstat(path.c_str(), &left_over) == 0 && S_ISSOCK(left_over.st_mode)) unlink(path.c_str());
  // Before bind, so that the file never has another mode; after it for what the umask took away.
  fchmod(fd->get(), mode);
  if (bind(fd->get(), Raw(*address), sizeof *address) != 0) return io::ErrnoStatus(errno, path);
  if (chmod(path.c_str(), mode) != 0) return io::ErrnoStatus(errno, path);
  if (listen(fd->get(), kBacklog) != 0) return io::ErrnoStatus(errno, path);
  return fd;
}

absl::StatusOr<io::OwnedFd> ConnectTo(const std::string& path) {
  const absl::StatusOr<sockaddr_un> address = AddressOf(path);
  if (!address.ok()) return address.status();
  absl::StatusOr<io::OwnedFd> fd = MakeSocket(0);
  if (!fd.ok()) return fd.status();
  LimitWaiting(fd->get());
  if (connect(fd->get(), Raw(*address), sizeof *address) != 0) return io::ErrnoStatus(errno, path);
  return fd;
}

void LimitWaiting(int socket) {
  const timeval limit{.tv_sec = kPatienceSeconds, .tv_usec = 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

absl::Status SendPacket(int socket, std::span<const uint8_t> packet, std::span<const int> fds) {
  return Send(socket, packet, fds, 0);
}

bool TrySendPacket(int socket, std::span<const uint8_t> packet, std::span<const int> fds) {
  return Send(socket, packet, fds, MSG_DONTWAIT).ok();
}

ReceivedPacket ReceivePacket(int socket, std::span<uint8_t> buffer, bool wait) {
  ReceivedPacket received;
  alignas(cmsghdr) Control control;
  iovec data{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t size;
  do size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  while (size < 0 && errno == EINTR);
  if (size < 0) {
    if (errno == EAGAIN) received.kind = ReceivedPacket::Kind::kNothing;
    return received;
  }
  TakeFds(&header, &received.fds);
  if (size == 0 || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return received;
  received.kind = ReceivedPacket::Kind::kPacket;
  received.bytes = buffer.first(static_cast<size_t>(size));
  return received;
}

}  // namespace mosh::server::gate
