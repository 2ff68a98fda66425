#include "server/gate/spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "io/status.h"
#include "server/gate/packet.h"
#include "server/gate/packet_socket.h"
#include "server/gate/process_title.h"

namespace mosh::server::gate {
namespace {

enum Order : uint8_t { kKeeper = 1, kHost = 2 };

// A configuration file may be long.
constexpr size_t kLongestOrder = 128 * 1024;

// Where the spawner's end of its socket is; 0 to 2 stay what they are.
constexpr int kOwnSocket = 3;

void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the forked process.
[[noreturn]] void Obey(const SpawnerTasks& tasks, ReceivedPacket order) {
  ResetSignals();
  PacketReader in(order.bytes);
  const auto kind = in.Number<uint8_t>();
  if (kind == kKeeper && order.fds.size() == 2) {
    tasks.keep(std::move(order.fds[0]), std::move(order.fds[1]));
  } else if (kind == kHost && order.fds.size() >= 2) {
    HostBirth birth;
    birth.number = in.Number<HostNumber>();
    birth.uid = in.Number<uid_t>();
    birth.config = in.Text();
    birth.link = std::move(order.fds[0]);
    birth.sockets.assign(std::make_move_iterator(order.fds.begin() + 1),
                         std::make_move_iterator(order.fds.end()));
    tasks.host(std::move(birth));
  }
  _exit(0);
}

[[noreturn]] void RunSpawner(const SpawnerTasks& tasks, io::OwnedFd gate) {
  SetProcessTitle("moshd-spawner", "moshd: spawner");
  // Nobody waits for the forked ones; and the gate's end is what ends this process, not a Ctrl-C
  // that was meant for it.
  signal(SIGCHLD, SIG_IGN);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) signal(number, SIG_IGN);
  std::vector<uint8_t> buffer(kLongestOrder);
  for (;;) {
    ReceivedPacket order = ReceivePacket(gate.get(), buffer, true);
    if (order.kind == ReceivedPacket::Kind::kNothing) continue;
    if (order.kind == ReceivedPacket::Kind::kEnd) _exit(0);
    // Without a process the descriptors are closed, which the gate sees at the link.
    if (fork() != 0) continue;
    gate.Reset();
    Obey(tasks, std::move(order));
  }
}

}  // namespace

absl::StatusOr<Spawner> Spawner::Start(const SpawnerTasks& tasks) {
  auto pair = MakePacketPair();
  if (!pair.ok()) return pair.status();
  const pid_t pid = fork();
  if (pid < 0) return io::ErrnoStatus(errno, "fork");
  if (pid == 0) {
    if (pair->second.get() != kOwnSocket) dup3(pair->second.get(), kOwnSocket, O_CLOEXEC);
    close_range(kOwnSocket + 1, ~0U, 0);
    pair->first.Release();
    pair->second.Release();
    io::OwnedFd own(kOwnSocket);
    RunSpawner(tasks, std::move(own));
  }
  LimitWaiting(pair->first.get());
  return Spawner(std::move(pair->first));
}

absl::Status Spawner::StartKeeper(int listener, int gate) {
  const int fds[] = {listener, gate};
  return SendPacket(socket_.get(), PacketWriter().Number(kKeeper).Take(), fds);
}

absl::Status Spawner::StartHost(HostNumber number, uid_t uid, const std::string& config, int link,
                                std::span<const int> sockets) {
  std::vector<int> fds = {link};
  fds.insert(fds.end(), sockets.begin(), sockets.end());
  return SendPacket(socket_.get(),
                    PacketWriter().Number(kHost).Number(number).Number(uid).Text(config).Take(),
                    fds);
}

}  // namespace mosh::server::gate
