// The port that all Hosts share: a SocketGroup for each address that moshd binds to, all of the
// same size. Number n of each group belongs to Host n.
#ifndef SERVER_GATE_SHARED_PORT_H_
#define SERVER_GATE_SHARED_PORT_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/address.h"
#include "io/owned_fd.h"
#include "server/gate/config.h"
#include "server/gate/socket_group.h"

namespace mosh::server::gate {

class SharedPort {
 public:
  // Binds as configured, or makes the groups around the sockets that a service manager has bound.
  static absl::StatusOr<SharedPort> Open(const Config& config,
                                         std::vector<io::OwnedFd> activated = {});
  // The sockets of an earlier gate, by number, then by address.
  static absl::StatusOr<SharedPort> Adopt(std::vector<std::vector<io::OwnedFd>> sockets);

  // Sockets for one more Host. Steer() must follow.
  absl::Status Grow();
  absl::Status Steer();
  void Drain(size_t number);

  // Of sockets in each group; Hosts have the numbers below, but 0.
  size_t size() const { return groups_.front().size(); }
  size_t addresses() const { return groups_.size(); }
  std::vector<int> SocketsOf(size_t number) const;
  // Where each group is bound.
  std::vector<io::SocketAddress> Locals() const;

 private:
  std::vector<SocketGroup> groups_;
};

// What the configuration asks for, in order; the kernel's dual-stack wildcard, or IPv4's where
// there is no IPv6.
std::vector<io::SocketAddress> WantedAddresses(const Config& config);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_SHARED_PORT_H_
