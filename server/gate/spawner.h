// The spawner: a child of the gate that was forked before the gate had anything to lose (a ring
// that the kernel reads, datagrams, a heap), and forks the Hosts and the keeper. It keeps the
// rights that the gate gives up, and takes nothing in but the gate's own short orders. It leaves
// with the gate.
//
//   gate ──▶ spawner ──▶ keeper          (keeper.h)
//                   └──▶ Host of a user  (host_birth.h)
#ifndef SERVER_GATE_SPAWNER_H_
#define SERVER_GATE_SPAWNER_H_

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "server/gate/claim_table.h"

namespace mosh::server::gate {

// What a Host is born with.
struct HostBirth {
  HostNumber number = 0;
  uid_t uid = 0;
  std::string config;  // text of the file
  io::OwnedFd link;
  std::vector<io::OwnedFd> sockets;  // by address that moshd binds to
};

// What the forked processes do; neither returns.
struct SpawnerTasks {
  std::function<void(io::OwnedFd listener, io::OwnedFd gate)> keep;
  std::function<void(HostBirth birth)> host;
};

class Spawner {
 public:
  // Forks it. In the child nothing but the standard descriptors stays open.
  static absl::StatusOr<Spawner> Start(const SpawnerTasks& tasks);

  absl::Status StartKeeper(int listener, int gate);
  absl::Status StartHost(HostNumber number, uid_t uid, const std::string& config, int link,
                         std::span<const int> sockets);

  // At its end when the spawner is gone; never has anything to read.
  int fd() const { return socket_.get(); }

 private:
  explicit Spawner(io::OwnedFd socket) : socket_(std::move(socket)) {}
  io::OwnedFd socket_;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_SPAWNER_H_
