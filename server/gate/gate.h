// The gate: moshd's main process. Takes in control connections and stock clients' datagrams, gives
// both to Hosts, and does nothing else: it holds no session key, sees no terminal's bytes and
// parses nothing that a user has written.
//
//   control sockets ── who connected? ────▶ Hosts ─▶ the user's Host
//   the port's socket 0 ── Relay ─────────▶ Hosts ─▶ whose client it is
//   signals, watchdog, status socket
#ifndef SERVER_GATE_GATE_H_
#define SERVER_GATE_GATE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/signals.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/udp_socket.h"
#include "server/flood_shield.h"
#include "server/gate/config.h"
#include "server/gate/hosts.h"
#include "server/gate/log.h"
#include "server/gate/service_manager.h"

namespace mosh::server::gate {

// A configuration and the text that it was read from.
struct LoadedConfig {
  Config config;
  std::string text;
};

class Gate {
 public:
  struct Parts {
    Hosts::Parts hosts;
    LoadedConfig config;
    // Reads the file again; an error says everything that is wrong with it.
    std::function<absl::StatusOr<LoadedConfig>()> reload;
    std::string keeper_path;
    // Listening, all of them.
    io::OwnedFd control;
    io::OwnedFd running;  // the same for whoever has a Host; it starts none
    io::OwnedFd status;
  };

  // All pointers outlive it.
  Gate(io::Reactor* reactor, Log* log, const ServiceManager* manager, Parts parts);

  // Until SIGTERM or SIGINT; Hosts and their sessions stay. An error: it can't go on, and another
  // gate should be started.
  io::Task<void> Run(absl::Status* why);

  std::string StatusText() const;

 private:
  // Of users who have no Host: whether one is started.
  enum class Hostless : uint8_t { kStart, kTurnAway };
  io::Task<void> AcceptControl(int listener, Hostless hostless, io::StopToken stop);
  io::Task<void> AcceptStatus(io::StopToken stop);
  io::Task<void> ReceiveDatagrams(io::UdpSocket* socket, io::StopToken stop);
  void Deliver(const io::Datagram& datagram);
  io::Task<void> ObeySignals(io::SignalSource* signals, io::StopToken stop);
  io::Task<void> FeedWatchdog(io::StopToken stop);
  io::Task<void> WatchKeeper(io::StopToken stop);
  io::Task<void> WatchSpawner(io::StopToken stop);
  absl::StatusOr<std::vector<std::unique_ptr<io::UdpSocket>>> AdoptPort();
  void OnConnection(io::OwnedFd connection, Hostless hostless, io::Scope* refusals);
  io::Task<void> RefuseLater(io::OwnedFd connection, absl::Status why, io::StopToken stop);
  void Reload();
  absl::Status ReplaceKeeper();
  void Stop(absl::Status why);

  io::Reactor* reactor_;
  Log* log_;
  const ServiceManager* manager_;
  Parts parts_;
  Hosts hosts_;
  FloodShield shield_;
  uint64_t claims_seen_ = 0;
  io::StopSource stop_;
  absl::Status why_;
  uint64_t connections_ = 0;
  uint64_t refused_ = 0;
};

// Starts a keeper that nobody has spoken to yet.
absl::StatusOr<KeeperConnection> StartKeeper(Spawner& spawner, const std::string& path);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_GATE_H_
