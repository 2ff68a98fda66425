#include "server/control/control_listener.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/scope.h"
#include "server/control/control.pb.h"
#include "server/control/host_sockets.h"
#include "server/control/reply_status.h"
#include "server/control/runtime_directory.h"
#include "server/control/serve_control.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

// When descriptors or memory are short.
constexpr std::chrono::seconds kRetryAfter{1};

// When to look after something has changed in the file's folders: a folder that is mounted comes
// some time after its mount point, and nothing tells of that.
constexpr std::chrono::milliseconds kLooks[] = {100ms, 1s, 5s, 30s};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlListener>> ControlListener::Create(
    io::Reactor* reactor, const std::string& directory, pid_t pid) {
  const std::string path = HostSocketPath(directory, pid);
  absl::StatusOr<std::unique_ptr<io::UnixListener>> listener =
      io::UnixListener::Bind(reactor, path);
  if (!listener.ok()) return listener.status();
  RemoveDeadHostSockets(directory);
  return std::unique_ptr<ControlListener>(new ControlListener(reactor, *std::move(listener), path));
}

io::Task<void> ControlListener::Run(HostControl* host, io::StopToken stop) {
  io::Scope connections(stop);
  while (!stop.stop_requested()) {
    io::Scope accepting(stop);
    if (listener_ != nullptr) {
      accepting.Spawn(Accept(host, &connections, accepting.token()));
    }
    co_await AwaitRemoval(stop);
    co_await accepting.CancelAndJoin();
    if (stop.stop_requested()) break;
    BindAgain();
  }
  co_await connections.CancelAndJoin();
}

io::Task<void> ControlListener::AwaitRemoval(io::StopToken stop) {
  const auto over = [this] { return listener_ != nullptr ? !file_.Stands() : BindAgain(); };
  while (!stop.stop_requested()) {
    const absl::Status changed = co_await file_.WaitForChange(reactor_, stop);
    if (!changed.ok()) {
      // Not to be watched: as good as it gets.
      io::Event never;
      static_cast<void>(co_await never.Wait(stop));
      co_return;
    }
    for (const std::chrono::milliseconds delay : kLooks) {
      if (over()) co_return;
      const Instant next = reactor_->Now() + delay;
      const absl::Status slept = co_await reactor_->Sleep(next, stop);
      if (!slept.ok()) co_return;
    }
  }
}

bool ControlListener::BindAgain() {
  if (listener_ != nullptr && file_.Stands()) return true;
  listener_ = nullptr;  // before its successor's file is there, which it would take along
  const std::string& path = file_.path();
  if (!MakePrivateDirectory(path.substr(0, path.rfind('/')), geteuid()).ok()) return false;
  absl::StatusOr<std::unique_ptr<io::UnixListener>> listener =
      io::UnixListener::Bind(reactor_, path);
  if (!listener.ok()) return false;
  listener_ = *std::move(listener);
  file_.Renew();
  return true;
}

io::Task<void> ControlListener::Accept(HostControl* host, io::Scope* connections,
                                       io::StopToken stop) {
  control::Reply reply;
  SetStatus(absl::ResourceExhaustedError("too many control connections"), &reply);
  const std::string full = reply.SerializeAsString();
  while (!stop.stop_requested()) {
    absl::StatusOr<std::unique_ptr<io::UnixConnection>> connection =
        co_await listener_->Accept(stop);
    if (!connection.ok()) {
      const Instant again = reactor_->Now() + kRetryAfter;
      [[maybe_unused]] const absl::Status slept = co_await reactor_->Sleep(again, stop);
      continue;
    }
    if (!MayControl((*connection)->peer(), geteuid())) continue;
    if (connections->children() < kMaxConnections) {
      connections->Spawn(
          ServeControl(reactor_, *std::move(connection), host, connections->token()));
      continue;
    }
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(full.data()),
                                         full.size());
    [[maybe_unused]] const absl::Status sent = co_await (*connection)->Send(bytes, {}, stop);
  }
}

}  // namespace mosh::server
