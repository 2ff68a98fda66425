// LocalDoor: the Unix socket. gRPC tells nobody who is at the other end of one, so connections are
// accepted here, the kernel is asked, and each is handed to a grpc::Server of its user's own. Loop
// thread only; servers are made and ended in the worker's.
#ifndef MGMT_AGENT_LOCAL_DOOR_H_
#define MGMT_AGENT_LOCAL_DOOR_H_

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/agent/grpc_server.h"
#include "mgmt/agent/limits.h"
#include "mgmt/agent/metrics.h"
#include "mgmt/agent/reception.h"
#include "mgmt/agent/worker.h"

namespace mosh::mgmt {

class LocalDoor {
 public:
  // All but the strings outlive it; `metrics` may be null.
  struct Context {
    io::Reactor* reactor;
    Worker* worker;
    Reception* reception;
    PolicyNow policy;
    Metrics* metrics;
    Limits limits;
  };

  // Removes what a killed agent has left at `path`. `for_all`: every user may connect.
  // kAlreadyExists: an agent listens there, and goes on to; kCancelled.
  static io::Task<absl::StatusOr<std::unique_ptr<LocalDoor>>> Open(Context context,
                                                                   std::string path, bool for_all,
                                                                   io::StopToken stop);
  // Removes the socket.
  ~LocalDoor();

  io::Task<void> Run(io::StopToken stop);

  void SetServing(bool serving);
  // After Run; see GrpcServer::Shutdown.
  io::Task<void> Shutdown(std::chrono::milliseconds patience);

 private:
  // Open as long as the descriptor is the same socket. gRPC doesn't tell when it closes one.
  struct Connection {
    int fd;
    ino_t inode;
  };
  struct User {
    std::shared_ptr<const Caller> caller;  // guarded by mutex: gRPC's threads read it
    std::mutex mutex;
    std::shared_ptr<GrpcServer> server;
    std::vector<Connection> connections;
  };

  LocalDoor(Context context, std::string path, io::OwnedFd fd)
      : context_(std::move(context)), path_(std::move(path)), fd_(std::move(fd)) {}
  io::Task<void> Admit(io::OwnedFd fd);
  // Forgets closed connections. Gives how many are open.
  size_t CountConnections();
  // Ends the server of a user who has no connection, if there is one.
  io::Task<bool> MakeRoomForUser();

  const Context context_;
  const std::string path_;
  io::OwnedFd fd_;
  std::map<uid_t, std::shared_ptr<User>> users_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_LOCAL_DOOR_H_
