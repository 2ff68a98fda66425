// A Host's own control socket: a file in the runtime directory, named after the process, for its
// user and root alone.
#ifndef SERVER_CONTROL_CONTROL_LISTENER_H_
#define SERVER_CONTROL_CONTROL_LISTENER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/unix_socket.h"
#include "server/control/socket_file_watch.h"
#include "server/host_control.h"

namespace mosh::server {

class ControlListener {
 public:
  // Connections served at a time; more are told so and closed.
  static constexpr size_t kMaxConnections = 64;

  // Listens at HostSocketPath(directory, pid) and removes what dead Hosts have left beside it.
  static absl::StatusOr<std::unique_ptr<ControlListener>> Create(io::Reactor* reactor,
                                                                 const std::string& directory,
                                                                 pid_t pid);

  // Until `stop`. The socket file goes with this object; is it removed before, it is made again as
  // soon as there is a place for it.
  io::Task<void> Run(HostControl* host, io::StopToken stop);

 private:
  ControlListener(io::Reactor* reactor, std::unique_ptr<io::UnixListener> listener,
                  const std::string& path)
      : reactor_(reactor), listener_(std::move(listener)), file_(path) {}

  io::Task<void> Accept(HostControl* host, io::Scope* connections, io::StopToken stop);
  // Returns when the file is gone.
  io::Task<void> AwaitRemoval(io::StopToken stop);
  bool BindAgain();

  io::Reactor* reactor_;
  std::unique_ptr<io::UnixListener> listener_;  // null while there is no place for the file
  SocketFileWatch file_;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_CONTROL_LISTENER_H_
