// The keeper: a small process that holds what must outlive the gate (kept.h) and gives it to the
// next one. It reads no datagram and parses nothing but the gate's own messages, so there is little
// in it that could fail. It leaves when neither a gate nor a Host is left.
//
//   gate ──▶ keeper   sockets of number n; a Host began with number n
//   gate ◀── keeper   at first: all that it holds
//
// A Host's end is seen by its link: the keeper drops its copy then, and the number is free.
#ifndef SERVER_GATE_KEEPER_H_
#define SERVER_GATE_KEEPER_H_

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "server/gate/kept.h"

namespace mosh::server::gate {

// The process itself, with nothing to hold yet. `listener` is where further gates connect: only
// those of this process's own user are let in. Returns when it is time to leave.
void RunKeeper(io::OwnedFd listener, io::OwnedFd gate);

// The gate's side. Calls wait no longer than a few seconds.
class KeeperConnection {
 public:
  // To a keeper that has just been started and holds nothing.
  explicit KeeperConnection(io::OwnedFd socket) : socket_(std::move(socket)) {}
  // To the one that listens at `path`, which gives what it holds. kUnavailable or kNotFound: there
  // is none. kFailedPrecondition: it is of a release that this one doesn't understand.
  static absl::StatusOr<KeeperConnection> Connect(const std::string& path, Kept* kept);

  // The next number's sockets.
  absl::Status HoldSockets(std::span<const int> sockets);
  absl::Status HoldHost(HostNumber number, uid_t uid, uint64_t build, int link);

  // For one that holds no Host: waits until it has let go of the port.
  void Dismiss();

  // At its end when the keeper is gone; never has anything to read.
  int fd() const { return socket_.get(); }

 private:
  io::OwnedFd socket_;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_KEEPER_H_
