#include "server/control/control_listener.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "base/instant.h"
#include "io/scope.h"
#include "server/control/control.pb.h"
#include "server/control/host_sockets.h"
#include "server/control/reply_status.h"
#include "server/control/serve_control.h"

namespace mosh::server {
namespace {

// When descriptors or memory are short.
constexpr std::chrono::seconds kRetryAfter{1};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlListener>> ControlListener::Create(
    io::Reactor* reactor, const std::string& directory, pid_t pid) {
  absl::StatusOr<std::unique_ptr<io::UnixListener>> listener =
      io::UnixListener::Bind(reactor, HostSocketPath(directory, pid));
  if (!listener.ok()) return listener.status();
  RemoveDeadHostSockets(directory);
  return std::unique_ptr<ControlListener>(new ControlListener(reactor, *std::move(listener)));
}

io::Task<void> ControlListener::Run(HostControl* host, io::StopToken stop) {
  control::Reply reply;
  SetStatus(absl::ResourceExhaustedError("too many control connections"), &reply);
  const std::string full = reply.SerializeAsString();

  io::Scope scope(stop);
  while (!stop.stop_requested()) {
    absl::StatusOr<std::unique_ptr<io::UnixConnection>> connection =
        co_await listener_->Accept(stop);
    if (!connection.ok()) {
      const Instant again = reactor_->Now() + kRetryAfter;
      [[maybe_unused]] const absl::Status slept = co_await reactor_->Sleep(again, stop);
      continue;
    }
    if (!MayControl((*connection)->peer(), geteuid())) continue;
    if (scope.children() < kMaxConnections) {
      scope.Spawn(ServeControl(reactor_, *std::move(connection), host, scope.token()));
      continue;
    }
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(full.data()),
                                         full.size());
    [[maybe_unused]] const absl::Status sent = co_await (*connection)->Send(bytes, {}, stop);
  }
  co_await scope.CancelAndJoin();
}

}  // namespace mosh::server
