#include "server/gate/gate.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/scope.h"
#include "io/timer.h"
#include "server/gate/packet_socket.h"
#include "server/gate/refusal.h"
#include "server/gate/route_program.h"

namespace mosh::server::gate {
namespace {

using namespace std::chrono_literals;

// Room for what arrives at once from many stock clients; more would only make them wait for a
// flood before them.
constexpr int kReceiveBuffer = 1 << 20;

// Refused connections whose request is awaited.
constexpr size_t kMaxRefusals = 64;

// Who connected. nullopt: gone already.
std::optional<uid_t> PeerOf(int connection) {
  ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return std::nullopt;
  return peer.uid;
}

// As large as we may.
void EnlargeReceiveBuffer(int socket) {
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  }
}

// What the kernel dropped at this socket: what no stock client sends, and what found no room.
uint32_t DroppedByKernel(int socket) {
  uint32_t memory[16] = {};  // linux/sock_diag.h: SK_MEMINFO_DROPS is the ninth
  socklen_t length = sizeof memory;
  if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0) return 0;
  return memory[8];
}

}  // namespace

absl::StatusOr<KeeperConnection> StartKeeper(Spawner& spawner, const std::string& path) {
  const absl::StatusOr<io::OwnedFd> listener = ListenAt(path, 0600);
  if (!listener.ok()) return listener.status();
  auto pair = MakePacketPair();
  if (!pair.ok()) return pair.status();
  const absl::Status started = spawner.StartKeeper(listener->get(), pair->second.get());
  if (!started.ok()) return started;
  LimitWaiting(pair->first.get());
  return KeeperConnection(std::move(pair->first));
}

Gate::Gate(io::Reactor* reactor, Log* log, const ServiceManager* manager, Parts parts)
    : reactor_(reactor),
      log_(log),
      manager_(manager),
      parts_(std::move(parts)),
      hosts_(reactor, log, std::move(parts_.hosts), parts_.config.config, parts_.config.text),
      shield_(
          reactor, StockClientCheck(),
          [this](size_t most) { return hosts_.relay().NewestAddresses(most); },
          [log](absl::string_view line) { log->Warning(line); }) {}

io::Task<void> Gate::Run(absl::Status* why) {
  auto signals = reactor_->WatchSignals({SIGTERM, SIGINT, SIGHUP, SIGUSR1});
  auto sockets = AdoptPort();
  if (!signals.ok() || !sockets.ok()) {
    *why = signals.ok() ? sockets.status() : signals.status();
    co_return;
  }
  io::Scope scope(stop_.token());
  scope.Spawn(hosts_.Run(scope.token()));
  scope.Spawn(AcceptControl(parts_.control.get(), Hostless::kStart, scope.token()));
  scope.Spawn(AcceptControl(parts_.running.get(), Hostless::kTurnAway, scope.token()));
  scope.Spawn(AcceptStatus(scope.token()));
  scope.Spawn(ObeySignals(signals->get(), scope.token()));
  scope.Spawn(FeedWatchdog(scope.token()));
  scope.Spawn(WatchKeeper(scope.token()));
  scope.Spawn(WatchSpawner(scope.token()));
  for (const auto& socket : *sockets) {
    scope.Spawn(ReceiveDatagrams(socket.get(), scope.token()));
  }
  manager_->Notify("READY=1");
  co_await scope.Join();
  manager_->Notify("STOPPING=1");
  for (const auto& socket : *sockets) co_await socket->Close();
  *why = why_;
}

void Gate::Stop(absl::Status why) {
  if (!why.ok() && why_.ok()) why_ = std::move(why);
  stop_.RequestStop();
}

absl::StatusOr<std::vector<std::unique_ptr<io::UdpSocket>>> Gate::AdoptPort() {
  std::vector<std::unique_ptr<io::UdpSocket>> sockets;
  for (const int number : hosts_.port().SocketsOf(0)) {
    // A copy: the group needs its own to attach programs by.
    io::OwnedFd copy(fcntl(number, F_DUPFD_CLOEXEC, 3));
    EnlargeReceiveBuffer(copy.get());
    shield_.AddSocket(number);
    absl::StatusOr<std::unique_ptr<io::UdpSocket>> socket =
        reactor_->AdoptUdp(std::move(copy), io::UdpOptions());
    if (!socket.ok()) return socket.status();
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

io::Task<void> Gate::AcceptControl(int listener, Hostless hostless, io::StopToken stop) {
  io::Scope refusals(stop);
  for (;;) {
    const absl::Status ready = co_await reactor_->WaitReadable(listener, stop);
    if (!ready.ok()) break;
    // The Host's reads must not block it, hence the flag.
    io::OwnedFd connection(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.valid()) {
      OnConnection(std::move(connection), hostless, &refusals);
      continue;
    }
    if (errno != EMFILE && errno != ENFILE) continue;
    // No descriptor to spare: it stays ready, and asking at once would spin.
    const absl::Status slept = co_await reactor_->Sleep(reactor_->Now() + 100ms, stop);
    if (!slept.ok()) break;
  }
  co_await refusals.CancelAndJoin();
}

void Gate::OnConnection(io::OwnedFd connection, Hostless hostless, io::Scope* refusals) {
  ++connections_;
  const std::optional<uid_t> uid = PeerOf(connection.get());
  if (!uid) return;
  if (hostless == Hostless::kTurnAway && !hosts_.HasHost(*uid)) return;
  const absl::Status status = hosts_.HandOver(*uid, connection.get());
  if (status.ok()) return;
  ++refused_;
  log_->Warning(absl::StrCat("refused user ", *uid, ": ", absl::string_view(status.message())));
  // Beyond that many nobody is told why.
  if (refusals->children() >= kMaxRefusals) return;
  refusals->Spawn(RefuseLater(std::move(connection), status, refusals->token()));
}

io::Task<void> Gate::RefuseLater(io::OwnedFd connection, absl::Status why, io::StopToken stop) {
  io::Deadline limit(reactor_, reactor_->Now() + kRequestPatience, stop);
  static_cast<void>(co_await reactor_->WaitReadable(connection.get(), limit.token()));
  Refuse(connection.get(), why);
}

io::Task<void> Gate::AcceptStatus(io::StopToken stop) {
  for (;;) {
    const absl::Status ready = co_await reactor_->WaitReadable(parts_.status.get(), stop);
    if (!ready.ok()) co_return;
    const io::OwnedFd connection(accept4(parts_.status.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::string text = StatusText();
    TrySendPacket(connection.get(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
}

io::Task<void> Gate::ReceiveDatagrams(io::UdpSocket* socket, io::StopToken stop) {
  for (;;) {
    const absl::StatusOr<io::Datagram> datagram = co_await socket->Receive(stop);
    if (!datagram.ok()) {
      Stop(stop.stop_requested() ? absl::OkStatus() : datagram.status());
      co_return;
    }
    Deliver(*datagram);
    // The rest of what one wake-up brought.
    while (std::optional<io::Datagram> more = socket->TryReceive()) Deliver(*more);
    const uint64_t claims = hosts_.relay().stats().claims;
    if (std::exchange(claims_seen_, claims) != claims) shield_.OnClientMoved();
    shield_.Update();
  }
}

void Gate::Deliver(const io::Datagram& datagram) {
  const bool known = hosts_.relay().OnDatagram(datagram.from(), datagram.to(), datagram.ecn(),
                                               datagram.bytes(), reactor_->Now());
  if (!known) shield_.OnStranger();
}

io::Task<void> Gate::ObeySignals(io::SignalSource* signals, io::StopToken stop) {
  for (;;) {
    const absl::StatusOr<int> signal = co_await signals->Next(stop);
    if (!signal.ok()) co_return;
    if (*signal == SIGHUP) {
      Reload();
    } else if (*signal == SIGUSR1) {
      log_->Info(StatusText());
    } else {
      log_->Info("stopping; sessions stay");
      Stop(absl::OkStatus());
    }
  }
}

void Gate::Reload() {
  manager_->Notify("RELOADING=1");
  absl::StatusOr<LoadedConfig> loaded = parts_.reload();
  if (!loaded.ok()) {
    log_->Error(absl::StrCat("the configuration stays as it was: ",
                             absl::string_view(loaded.status().message())));
  } else {
    if (!SamePort(loaded->config, parts_.config.config)) {
      log_->Warning("port and bind stay as they were until moshd starts and finds no Hosts");
    }
    parts_.config = *std::move(loaded);
    log_->set_least(parts_.config.config.log_level);
    hosts_.Reconfigure(parts_.config.config, parts_.config.text);
    log_->Info("configuration reloaded");
  }
  manager_->Notify("READY=1");
}

io::Task<void> Gate::FeedWatchdog(io::StopToken stop) {
  if (!manager_->watchdog()) co_return;
  for (;;) {
    manager_->Notify("WATCHDOG=1");
    const absl::Status slept =
        co_await reactor_->Sleep(reactor_->Now() + *manager_->watchdog() / 2, stop);
    if (!slept.ok()) co_return;
  }
}

io::Task<void> Gate::WatchKeeper(io::StopToken stop) {
  for (;;) {
    // It never says anything: this is its end.
    const absl::Status ended = co_await reactor_->WaitReadable(hosts_.keeper().fd(), stop);
    if (!ended.ok()) co_return;
    log_->Warning("the keeper is gone; starting another");
    const absl::Status replaced = ReplaceKeeper();
    if (!replaced.ok()) log_->Error(absl::string_view(replaced.message()));
    // Not more often than this, whatever it dies of.
    const absl::Status slept = co_await reactor_->Sleep(reactor_->Now() + 1s, stop);
    if (!slept.ok()) co_return;
  }
}

absl::Status Gate::ReplaceKeeper() {
  absl::StatusOr<KeeperConnection> keeper = StartKeeper(hosts_.spawner(), parts_.keeper_path);
  if (!keeper.ok()) return keeper.status();
  return hosts_.SetKeeper(*std::move(keeper));
}

io::Task<void> Gate::WatchSpawner(io::StopToken stop) {
  const absl::Status ended = co_await reactor_->WaitReadable(hosts_.spawner().fd(), stop);
  if (!ended.ok()) co_return;
  Stop(absl::UnavailableError("the spawner is gone; start moshd again (sessions stay)"));
}

std::string Gate::StatusText() const {
  const RelayStats& relay = hosts_.relay().stats();
  std::string text;
  const auto line = [&text](const auto&... parts) { absl::StrAppend(&text, parts..., "\n"); };
  for (const io::SocketAddress& local : hosts_.port().Locals()) {
    line("port                      ", local.ToString());
  }
  uint32_t dropped = 0;
  for (const int socket : hosts_.port().SocketsOf(0)) dropped += DroppedByKernel(socket);
  line("hosts                     ", hosts_.size(), " of ", parts_.config.config.max_hosts);
  line("sockets                   ", hosts_.port().size());
  line("control connections       ", connections_, ", refused ", refused_);
  line("datagrams of stock's      ", relay.received, ", malformed ", relay.malformed,
       ", without any Host ", relay.nobody);
  line("  dropped by the kernel   ", dropped);
  line("  forwarded by address    ", relay.forwarded, ", refused ", relay.refusals);
  line("  offered                 ", relay.offered, " in ", relay.deliveries, " deliveries");
  line("  beyond the limits       ", relay.limited_source, " by source, ", relay.limited_offers,
       " in all");
  line("  lost to slow Hosts      ", relay.full);
  line("claims                    ", relay.claims, ", false ", relay.bad_claims, ", contested ",
       relay.contested);
  for (const Hosts::Facts& host : hosts_.All()) {
    line("host ", host.number, " uid ", host.uid, " pid ", host.state.pid, " sessions ",
         host.state.sessions, host.current ? "" : " (of an earlier moshd, or ending)");
  }
  return text;
}

}  // namespace mosh::server::gate
