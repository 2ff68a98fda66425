#include "io/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "io/status.h"

namespace mosh::io {
namespace {

// Connections that may wait for Accept.
constexpr int kBacklog = 16;

struct UnixAddress {
  sockaddr_un raw;
  socklen_t length;
};

absl::StatusOr<UnixAddress> MakeAddress(absl::string_view path) {
  UnixAddress address{};
  address.raw.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.raw.sun_path)) {
    return ErrnoStatus(ENAMETOOLONG, path);
  }
  std::memcpy(address.raw.sun_path, path.data(), path.size());
  const bool abstract = path[0] == '@';
  if (abstract) address.raw.sun_path[0] = '\0';
  address.length = offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1);
  return address;
}

absl::StatusOr<OwnedFd> MakeSocket() {
  OwnedFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  return fd;
}

const sockaddr* Raw(const UnixAddress& address) {
  return reinterpret_cast<const sockaddr*>(&address.raw);
}

void TakeFds(msghdr* message, std::vector<OwnedFd>* fds) {
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

using FdControl = std::array<char, CMSG_SPACE(UnixConnection::kMaxFds * sizeof(int))>;

}  // namespace

bool SomebodyListens(absl::string_view path) {
  const absl::StatusOr<UnixAddress> address = MakeAddress(path);
  if (!address.ok()) return false;
  absl::StatusOr<OwnedFd> probe = MakeSocket();
  if (!probe.ok()) return true;
  return connect(probe->get(), Raw(*address), address->length) == 0 || errno == EAGAIN;
}

absl::StatusOr<std::unique_ptr<UnixConnection>> UnixConnection::Connect(Reactor* reactor,
                                                                        absl::string_view path) {
  const absl::StatusOr<UnixAddress> address = MakeAddress(path);
  if (!address.ok()) return address.status();
  absl::StatusOr<OwnedFd> fd = MakeSocket();
  if (!fd.ok()) return fd.status();
  // Either at once or not at all: a full backlog is kResourceExhausted.
  if (connect(fd->get(), Raw(*address), address->length) != 0) return ErrnoStatus(errno, path);
  return Adopt(reactor, *std::move(fd));
}

absl::StatusOr<std::unique_ptr<UnixConnection>> UnixConnection::Adopt(Reactor* reactor,
                                                                      OwnedFd fd) {
  ucred credentials;
  socklen_t length = sizeof(credentials);
  if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    return ErrnoStatus(errno, "SO_PEERCRED");
  }
  return std::unique_ptr<UnixConnection>(new UnixConnection(
      reactor, std::move(fd), {credentials.pid, credentials.uid, credentials.gid}));
}

Task<absl::StatusOr<UnixMessage>> UnixConnection::Receive(StopToken stop) {
  UnixMessage message;
  ssize_t size;
  for (;;) {
    if (stop.stop_requested()) co_return StoppedStatus();
    // Looked at first, so that whoever waits holds no buffer.
    size = recv(fd_.get(), nullptr, 0, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
    if (size >= 0) break;
    if (errno == ECONNRESET) {
      message.end = true;
      co_return std::move(message);
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return ErrnoStatus(errno, "recv");
    const absl::Status ready = co_await reactor_->WaitReadable(fd_.get(), stop);
    if (!ready.ok()) co_return ready;
  }
  message.bytes.resize(std::clamp<ssize_t>(size, 0, kMaxMessageSize));
  alignas(cmsghdr) FdControl control;
  iovec data{.iov_base = message.bytes.data(), .iov_len = message.bytes.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t n = recvmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) co_return ErrnoStatus(errno, "recvmsg");
  TakeFds(&header, &message.fds);
  if ((header.msg_flags & MSG_TRUNC) != 0) co_return ErrnoStatus(EMSGSIZE, "recvmsg");
  message.end = n == 0;
  co_return std::move(message);
}

Task<absl::Status> UnixConnection::Send(std::span<const uint8_t> bytes, std::span<const int> fds,
                                        StopToken stop) {
  if (bytes.empty() || bytes.size() > kMaxMessageSize || fds.size() > kMaxFds) {
    co_return ErrnoStatus(EMSGSIZE, "sendmsg");
  }
  for (;;) {
    if (stop.stop_requested()) co_return StoppedStatus();
    alignas(cmsghdr) FdControl control{};
    iovec data{.iov_base = const_cast<uint8_t*>(bytes.data()), .iov_len = bytes.size()};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    if (!fds.empty()) {
      header.msg_control = control.data();
      header.msg_controllen = CMSG_SPACE(fds.size_bytes());
      cmsghdr* c = CMSG_FIRSTHDR(&header);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(fds.size_bytes());
      std::memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
    }
    if (sendmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) co_return absl::OkStatus();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return ErrnoStatus(errno, "sendmsg");
    const absl::Status ready = co_await reactor_->WaitWritable(fd_.get(), stop);
    if (!ready.ok()) co_return ready;
  }
}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Bind(Reactor* reactor,
                                                                 absl::string_view path) {
  const absl::StatusOr<UnixAddress> address = MakeAddress(path);
  if (!address.ok()) return address.status();
  absl::StatusOr<OwnedFd> fd = MakeSocket();
  if (!fd.ok()) return fd.status();
  const std::string name(path);
  // Before bind, so that the file never exists with another mode.
  fchmod(fd->get(), 0600);
  int error = bind(fd->get(), Raw(*address), address->length) == 0 ? 0 : errno;
  if (error == EADDRINUSE && name[0] != '@' && !SomebodyListens(path)) {
    struct stat left_over;
    if (lstat(name.c_str(), &left_over) == 0 && S_ISSOCK(left_over.st_mode)) unlink(name.c_str());
    error = bind(fd->get(), Raw(*address), address->length) == 0 ? 0 : errno;
  }
  if (error == 0 && listen(fd->get(), kBacklog) != 0) error = errno;
  if (error != 0) return ErrnoStatus(error, path);
  return std::unique_ptr<UnixListener>(new UnixListener(reactor, *std::move(fd), name));
}

UnixListener::~UnixListener() {
  if (path_[0] != '@') unlink(path_.c_str());
}

Task<absl::StatusOr<std::unique_ptr<UnixConnection>>> UnixListener::Accept(StopToken stop) {
  for (;;) {
    if (stop.stop_requested()) co_return StoppedStatus();
    OwnedFd fd(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) co_return UnixConnection::Adopt(reactor_, std::move(fd));
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN) co_return ErrnoStatus(errno, "accept");
    const absl::Status ready = co_await reactor_->WaitReadable(fd_.get(), stop);
    if (!ready.ok()) co_return ready;
  }
}

}  // namespace mosh::io
