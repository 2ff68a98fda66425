// Unix sequenced-packet sockets: whole messages, with descriptors, between processes of one
// machine, and the kernel's word on who is at the other end. Real reactors only.
//
//   auto listener = UnixListener::Bind(reactor, path);
//   auto connection = co_await (*listener)->Accept(stop);
//   if ((*connection)->peer().uid != getuid()) ...
#ifndef IO_UNIX_SOCKET_H_
#define IO_UNIX_SOCKET_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/owned_fd.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::io {

// Of the process that connected (or, seen from the client, listened), at that time. SO_PEERCRED.
struct PeerCredentials {
  pid_t pid = -1;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};

struct UnixMessage {
  std::vector<uint8_t> bytes;
  std::vector<OwnedFd> fds;
  // The other side has closed; bytes and fds are empty.
  bool end = false;
};

// Whether anybody accepts connections at this path now. Asks by connecting.
bool SomebodyListens(absl::string_view path);

class UnixConnection {
 public:
  static constexpr size_t kMaxMessageSize = 64 * 1024;
  static constexpr size_t kMaxFds = 64;

  // A path that begins with '@' is in the abstract namespace. kNotFound, kUnavailable: nobody
  // listens.
  static absl::StatusOr<std::unique_ptr<UnixConnection>> Connect(Reactor* reactor,
                                                                 absl::string_view path);
  // A connected seqpacket socket, e.g. one end of a socketpair.
  static absl::StatusOr<std::unique_ptr<UnixConnection>> Adopt(Reactor* reactor, OwnedFd fd);

  // kOutOfRange: the message was longer than kMaxMessageSize (it is lost). kCancelled: `stop`. An
  // empty message is indistinguishable from the end and counts as it.
  Task<absl::StatusOr<UnixMessage>> Receive(StopToken stop);
  // Waits for room. The descriptors stay the caller's. kUnavailable: the other side is gone.
  Task<absl::Status> Send(std::span<const uint8_t> bytes, std::span<const int> fds, StopToken stop);

  const PeerCredentials& peer() const { return peer_; }
  int fd() const { return fd_.get(); }

 private:
  friend class UnixListener;
  UnixConnection(Reactor* reactor, OwnedFd fd, PeerCredentials peer)
      : reactor_(reactor), fd_(std::move(fd)), peer_(peer) {}

  Reactor* reactor_;
  OwnedFd fd_;
  PeerCredentials peer_;
};

class UnixListener {
 public:
  // Removes a socket file of that name that nobody listens on any more. The file gets mode 0600.
  // kAlreadyExists: somebody listens there.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Bind(Reactor* reactor,
                                                            absl::string_view path);
  // Removes the socket file.
  ~UnixListener();

  Task<absl::StatusOr<std::unique_ptr<UnixConnection>>> Accept(StopToken stop);

 private:
  UnixListener(Reactor* reactor, OwnedFd fd, std::string path)
      : reactor_(reactor), fd_(std::move(fd)), path_(std::move(path)) {}

  Reactor* reactor_;
  OwnedFd fd_;
  std::string path_;
};

}  // namespace mosh::io

#endif  // IO_UNIX_SOCKET_H_
