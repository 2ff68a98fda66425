#include "server/control/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "crypto/cleanse.h"
#include "io/status.h"
#include "io/unix_socket.h"
#include "server/control/reply_status.h"

namespace mosh::server {
namespace {

using std::chrono::microseconds;

absl::Status TooLate() { return absl::DeadlineExceededError("no answer in time"); }

absl::Status WaitFor(int fd, short events, ControlClient::Deadline deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return TooLate();
    pollfd ready = {fd, events, 0};
    const int count = poll(&ready, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    if (count > 0) return absl::OkStatus();
    if (count < 0 && errno != EINTR) return io::ErrnoStatus(errno, "poll");
  }
}

}  // namespace

absl::StatusOr<ControlClient> ControlClient::Connect(const std::string& path, Deadline deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return io::ErrnoStatus(ENAMETOOLONG, path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  io::OwnedFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return io::ErrnoStatus(errno, "socket");
  // A queue that is full makes connect wait, which is bounded as sending is.
  const auto left =
      std::max(microseconds(1),
               std::chrono::ceil<microseconds>(deadline - std::chrono::steady_clock::now()));
  const timeval patience = {.tv_sec = left.count() / 1'000'000,
                            .tv_usec = static_cast<suseconds_t>(left.count() % 1'000'000)};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return errno == EAGAIN || errno == EINPROGRESS ? TooLate() : io::ErrnoStatus(errno, path);
  }
  ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    return io::ErrnoStatus(errno, "SO_PEERCRED");
  }
  if (peer.uid != 0 && peer.uid != geteuid()) {
    return absl::PermissionDeniedError(path + ": another user listens there");
  }
  return ControlClient(std::move(fd));
}

absl::Status ControlClient::Send(control::Request* request, Deadline deadline) {
  request->set_id(++last_id_);
  const std::string packet = request->SerializeAsString();
  if (packet.size() > io::UnixConnection::kMaxMessageSize) {
    return absl::OutOfRangeError("the request is longer than 64 KiB");
  }
  while (send(fd_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return io::ErrnoStatus(errno, "send");
    const absl::Status ready = WaitFor(fd_.get(), POLLOUT, deadline);
    if (!ready.ok()) return ready;
  }
  return absl::OkStatus();
}

absl::StatusOr<control::Reply> ControlClient::Receive(Deadline deadline) {
  std::vector<uint8_t> packet(io::UnixConnection::kMaxMessageSize);
  while (true) {
    const absl::Status ready = WaitFor(fd_.get(), POLLIN, deadline);
    if (!ready.ok()) return ready;
    const ssize_t size = recv(fd_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return io::ErrnoStatus(errno, "recv");
    if (size == 0) return absl::UnavailableError("the connection was closed");
    control::Reply reply;
    const bool whole = static_cast<size_t>(size) <= packet.size();
    const bool parsed = whole && reply.ParseFromArray(packet.data(), static_cast<int>(size));
    crypto::Cleanse({packet.data(), std::min(packet.size(), static_cast<size_t>(size))});
    if (!parsed) return absl::DataLossError("a reply could not be understood");
    // Without an id it is about the connection as a whole.
    if (reply.id() != last_id_ && reply.id() != 0) continue;
    const absl::Status status = StatusOf(reply);
    if (!status.ok()) return status;
    return reply;
  }
}

absl::StatusOr<std::vector<control::Reply>> ControlClient::Ask(control::Request request,
                                                               Deadline deadline) {
  const absl::Status sent = Send(&request, deadline);
  if (!sent.ok()) return sent;
  std::vector<control::Reply> replies;
  do {
    absl::StatusOr<control::Reply> reply = Receive(deadline);
    if (!reply.ok()) return reply.status();
    replies.push_back(*std::move(reply));
  } while (replies.back().more());
  return replies;
}

}  // namespace mosh::server
