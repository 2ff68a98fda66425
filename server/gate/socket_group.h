// The sockets that share one port: number 0 is the gate's own, each other one belongs to the Host
// of its number. The kernel steers datagrams between them by RouteProgram.
//
// Their order is the order of binding for as long as none of them is closed, anywhere: when one is,
// the kernel moves the last into its place. So a group only grows, the keeper holds every socket,
// and a Host's socket is used again after it has ended.
#ifndef SERVER_GATE_SOCKET_GROUP_H_
#define SERVER_GATE_SOCKET_GROUP_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/address.h"
#include "io/owned_fd.h"

namespace mosh::server::gate {

class SocketGroup {
 public:
  // Binds and steers a group of two. Nobody else may have the port, not even with SO_REUSEPORT:
  // kAlreadyExists.
  static absl::StatusOr<SocketGroup> Open(const io::SocketAddress& local);
  // The same around a bound socket from elsewhere, which becomes number 0.
  static absl::StatusOr<SocketGroup> Around(io::OwnedFd socket);
  // The sockets of a group that exists, all of them and in order.
  static absl::StatusOr<SocketGroup> Adopt(std::vector<io::OwnedFd> sockets);

  // One more socket, at the end. Steer() must follow before it gets anything.
  absl::Status Grow();
  // Attaches the program anew, whatever a Host that went astray may have done to it.
  absl::Status Steer();
  // Drops what waits in a socket that had another owner.
  void Drain(size_t number);

  size_t size() const { return sockets_.size(); }
  int socket(size_t number) const { return sockets_[number].get(); }
  const io::SocketAddress& local() const { return local_; }

 private:
  SocketGroup() = default;

  io::SocketAddress local_;
  std::vector<io::OwnedFd> sockets_;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_SOCKET_GROUP_H_
