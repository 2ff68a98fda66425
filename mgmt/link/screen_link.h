// ScreenLink: watches one session's screen, by a connection of its own: it isn't read while nobody
// wants the next frame, which makes the Host draw less often and delays nothing else; and the Host
// forgets who watches when it ends. Loop thread only.
#ifndef MGMT_LINK_SCREEN_LINK_H_
#define MGMT_LINK_SCREEN_LINK_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/unix_socket.h"
#include "mgmt/link/host_finder.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

namespace control = ::mosh::server::control;

class ScreenLink {
 public:
  struct Terms {
    std::string session_id;
    std::chrono::milliseconds interval{50};
    std::string watcher;  // shown to the session's users; empty: nobody is
  };

  // Connects, says who watches, and asks for the screen. kNotFound: no such session;
  // kUnimplemented: an older Host; kUnavailable, kPermissionDenied: as of a HostLink;
  // kDeadlineExceeded.
  static io::Task<absl::StatusOr<std::unique_ptr<ScreenLink>>> Open(
      io::Reactor* reactor, HostSocket socket, Terms terms, std::chrono::nanoseconds patience,
      io::StopToken stop);

  // The next frame, whole. Waits for the screen to change. kNotFound: the session has ended;
  // kUnavailable: the Host has; kCancelled: `stop`; kDataLoss: a frame of more than 16 MiB or not
  // understood. After an error there is no next.
  io::Task<absl::StatusOr<control::Frame>> Next(io::StopToken stop);

 private:
  explicit ScreenLink(std::unique_ptr<io::UnixConnection> connection)
      : connection_(std::move(connection)) {}
  io::Task<absl::StatusOr<control::Reply>> Receive(uint64_t id, io::StopToken stop);

  std::unique_ptr<io::UnixConnection> connection_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_SCREEN_LINK_H_
