// SimReactor: one simulated host, to a program a Reactor like any other. Made by SimWorld::AddHost.
//
// Datagrams go through the world's SimNetwork. Terminals and programs are scripted by the test:
// register a SimTty for descriptor 0 before the client opens it, and say what SpawnPty shall give
// the server.
#ifndef IO_SIM_SIM_REACTOR_H_
#define IO_SIM_SIM_REACTOR_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/reactor.h"
#include "io/sim/sim_stream.h"

namespace mosh::io::sim {

class SimSignalSource;
class SimUdpSocket;
class SimWorld;

class SimReactor final : public Reactor {
 public:
  // Use SimWorld::AddHost.
  SimReactor(SimWorld* world, absl::string_view name, const SocketAddress& address);
  ~SimReactor() override;

  // --- What the world does to this host ---

  // The host moves: from now on its datagrams come from `address`, with ports shifted by
  // `port_shift` (as a NAT would), and only datagrams to there reach it. Programs on it notice
  // nothing.
  void Roam(absl::string_view address, int port_shift = 0);
  // A cable pulled: datagrams sent vanish without an error, and none arrive.
  void set_cable_plugged(bool plugged) { plugged_ = plugged; }
  // As kill(2) from outside, to whichever program of this host watches that signal; else nothing
  // happens.
  void RaiseSignal(int signal);
  // The network address others see now (port 0).
  const SocketAddress& address() const { return address_; }
  absl::string_view host_name() const { return host_name_; }

  // What OpenTty(fd) and OpenStream(fd) give; once.
  void ProvideTty(int fd, std::unique_ptr<Tty> tty);
  void ProvideStream(int fd, std::unique_ptr<Stream> stream);
  // What SpawnPty and Spawn do; without it they fail with kUnimplemented.
  using PtySpawner = std::function<absl::StatusOr<PtyProcess>(const PtySpec&)>;
  void set_pty_spawner(PtySpawner spawner) { pty_spawner_ = std::move(spawner); }
  using Spawner = std::function<absl::StatusOr<Process>(const ProcessSpec&)>;
  void set_spawner(Spawner spawner) { spawner_ = std::move(spawner); }

  // --- Reactor ---
  absl::string_view name() const override { return "sim"; }
  Instant Now() const override;
  void Run(Task<void> root) override;
  absl::StatusOr<std::unique_ptr<UdpSocket>> BindUdp(const SocketAddress& local,
                                                     const UdpOptions& options) override;
  absl::StatusOr<std::unique_ptr<UdpSocket>> AdoptUdp(OwnedFd fd,
                                                      const UdpOptions& options) override;
  absl::StatusOr<std::unique_ptr<Stream>> OpenStream(OwnedFd fd) override;
  absl::StatusOr<std::unique_ptr<Tty>> OpenTty(int fd) override;
  absl::StatusOr<Process> Spawn(const ProcessSpec& spec) override;
  absl::StatusOr<PtyProcess> SpawnPty(const PtySpec& spec) override;
  absl::StatusOr<std::unique_ptr<SignalSource>> WatchSignals(
      std::initializer_list<int> signals) override;
  Task<absl::Status> WaitReadable(int fd, StopToken stop) override;
  Task<absl::Status> WaitWritable(int fd, StopToken stop) override;
  TimerQueue& timers() override;

 private:
  friend class SimNetwork;
  friend class SimSignalSource;
  friend class SimUdpSocket;

  // What others see as the source of a datagram sent from `port`.
  SocketAddress ApparentAddress(uint16_t port) const;
  // The socket that a datagram to `to` reaches.
  SimUdpSocket* SocketFor(const SocketAddress& to) const;

  SimWorld* world_;
  std::string host_name_;
  SocketAddress address_;
  int port_shift_ = 0;
  bool plugged_ = true;
  uint16_t next_port_ = 32768;
  std::map<uint16_t, SimUdpSocket*> sockets_;  // by local port
  std::map<int, std::unique_ptr<Tty>> ttys_;
  std::map<int, std::unique_ptr<Stream>> streams_;
  std::vector<SimSignalSource*> signal_sources_;
  PtySpawner pty_spawner_;
  Spawner spawner_;
};

}  // namespace mosh::io::sim

#endif  // IO_SIM_SIM_REACTOR_H_
