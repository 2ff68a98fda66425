// ScreenLink: watches one session's screen, and what is typed if that is wanted, by a connection of
// its own: it isn't read while nobody wants the next frame, which makes the Host draw less often
// and delays nothing else; and the Host forgets who watches when it ends. Loop thread only.
#ifndef MGMT_LINK_SCREEN_LINK_H_
#define MGMT_LINK_SCREEN_LINK_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

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
    bool with_input = false;
  };

  // Connects, says who watches, asks for the screen, and waits for the first frame. kNotFound: no
  // such session; kUnimplemented: an older Host, or one that can't tell input; kUnavailable,
  // kPermissionDenied: as of a HostLink; kDeadlineExceeded.
  static io::Task<absl::StatusOr<std::unique_ptr<ScreenLink>>> Open(
      io::Reactor* reactor, HostSocket socket, Terms terms, std::chrono::nanoseconds patience,
      io::StopToken stop);

  // The next frame, whole; waits for the screen to change. kNotFound: the session has ended;
  // kUnavailable: the Host has; kCancelled: `stop`; kDataLoss: nonsense, or a frame of more than
  // 16 MiB. After an error, kCancelled too, there is no next.
  io::Task<absl::StatusOr<control::Frame>> Next(io::StopToken stop);

 private:
  explicit ScreenLink(std::unique_ptr<io::UnixConnection> connection)
      : connection_(std::move(connection)) {}

  io::Task<absl::Status> Begin(Terms terms, io::StopToken stop);
  io::Task<absl::Status> Send(control::Request request, io::StopToken stop);
  io::Task<absl::StatusOr<control::Reply>> Receive(io::StopToken stop);
  io::Task<absl::StatusOr<control::Frame>> ReceiveFrame(io::StopToken stop);

  const std::unique_ptr<io::UnixConnection> connection_;
  uint64_t last_id_ = 0;
  bool first_waits_ = false;  // first_ has not been given out yet
  control::Frame first_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_SCREEN_LINK_H_
