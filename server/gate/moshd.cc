#include "server/gate/moshd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/short_slices.h"
#include "io/create_reactor.h"
#include "io/status.h"
#include "server/control/host_sockets.h"
#include "server/gate/build_id.h"
#include "server/gate/command_line.h"
#include "server/gate/config.h"
#include "server/gate/gate.h"
#include "server/gate/host_birth.h"
#include "server/gate/host_process.h"
#include "server/gate/identity.h"
#include "server/gate/keeper.h"
#include "server/gate/log.h"
#include "server/gate/packet_socket.h"
#include "server/gate/places.h"
#include "server/gate/process_title.h"
#include "server/gate/service_manager.h"
#include "server/gate/shared_port.h"
#include "server/gate/spawner.h"
#include "server/login_mode.h"

namespace mosh::server::gate {
namespace {

// A Host is told it in one packet.
constexpr size_t kLongestConfig = 64 * 1024;

void Print(FILE* stream, absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stream);
  fflush(stream);
}

// The descriptors 0 to 2 must be something: others would take their numbers.
void OpenStandardDescriptors() {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

// A file that nobody named need not be there.
absl::StatusOr<LoadedConfig> LoadConfig(const std::string& path, bool named) {
  LoadedConfig loaded;
  errno = 0;
  std::ifstream file(path);
  if (!file.is_open()) {
    if (named || errno != ENOENT) return io::ErrnoStatus(errno, path);
    return loaded;
  }
  std::ostringstream text;
  text << file.rdbuf();
  loaded.text = text.str();
  if (loaded.text.size() > kLongestConfig) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": longer than ", kLongestConfig, " octets"));
  }
  ParsedConfig parsed = ParseConfig(loaded.text);
  if (parsed.problems.empty()) {
    loaded.config = std::move(parsed.config);
    return loaded;
  }
  std::string all;
  for (const ConfigProblem& problem : parsed.problems) {
    absl::StrAppend(&all, all.empty() ? "" : "\n", path, ":", problem.line, ": ", problem.text);
  }
  return absl::InvalidArgumentError(all);
}

int PrintStatus(const Places& places) {
  const absl::StatusOr<io::OwnedFd> socket = ConnectTo(places.status);
  if (!socket.ok()) {
    Print(stderr, absl::StrCat("moshd: no moshd of yours is running (",
                               absl::string_view(socket.status().message()), ")\n"));
    return 1;
  }
  std::vector<uint8_t> buffer(256 * 1024);
  const ReceivedPacket packet = ReceivePacket(socket->get(), buffer, true);
  Print(stdout, {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()});
  return packet.kind == ReceivedPacket::Kind::kPacket ? 0 : 1;
}

// Of this process: the spawner keeps what it was given, for users' programs.
void RaiseOpenFiles() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void Keep(io::OwnedFd listener, io::OwnedFd gate) {
  SetProcessTitle("moshd-keeper", "moshd: keeper");
  // It leaves when it isn't needed, and not with a terminal or by a signal that was meant for all.
  setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
  RaiseOpenFiles();
  GiveUpPrivileges().IgnoreError();
  RunKeeper(std::move(listener), std::move(gate));
}

bool SameFile(int a, int b) {
  struct stat x, y;
  return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

// A service manager that has bound the port again, beside the sockets of living Hosts, has spoilt
// their order.
absl::Status CheckActivated(const std::vector<io::OwnedFd>& activated, const SharedPort& port) {
  const std::vector<int> own = port.SocketsOf(0);
  for (const io::OwnedFd& socket : activated) {
    const bool known = std::any_of(own.begin(), own.end(),
                                   [&socket](int fd) { return SameFile(fd, socket.get()); });
    if (known) continue;
    return absl::FailedPreconditionError(
        "moshd.socket has bound the port anew while Hosts of an earlier moshd use it: stop "
        "moshd.socket, start moshd, and leave the port to it");
  }
  return absl::OkStatus();
}

absl::Status HoldAll(const SharedPort& port, KeeperConnection* keeper) {
  for (size_t number = 0; number < port.size(); ++number) {
    if (absl::Status s = keeper->HoldSockets(port.SocketsOf(number)); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// What an earlier gate left to its keeper, or a port and a keeper of our own.
absl::StatusOr<Hosts::Parts> TakeOver(const Places& places, const Config& config, Spawner spawner,
                                      std::vector<io::OwnedFd> activated, const Log& log) {
  Kept kept;
  absl::StatusOr<KeeperConnection> keeper = KeeperConnection::Connect(places.keeper, &kept);
  if (keeper.status().code() == absl::StatusCode::kFailedPrecondition) return keeper.status();
  if (keeper.ok() && !kept.hosts.empty()) {
    absl::StatusOr<SharedPort> port = SharedPort::Adopt(std::move(kept.sockets));
    if (!port.ok()) return port.status();
    if (absl::Status s = CheckActivated(activated, *port); !s.ok()) return s;
    if (activated.empty() && port->Locals() != WantedAddresses(config)) {
      log.Warning("port and bind stay as they were: Hosts of an earlier moshd are there");
    }
    log.Info(absl::StrCat("took over ", kept.hosts.size(), " Hosts"));
    return Hosts::Parts{*std::move(port), *std::move(keeper), std::move(spawner),
                        std::move(kept.hosts), BuildId()};
  }
  if (keeper.ok()) {
    kept.sockets.clear();
    keeper->Dismiss();
  }
  absl::StatusOr<SharedPort> port = SharedPort::Open(config, std::move(activated));
  if (!port.ok()) return port.status();
  keeper = StartKeeper(spawner, places.keeper);
  if (!keeper.ok()) return keeper.status();
  if (absl::Status s = HoldAll(*port, &*keeper); !s.ok()) return s;
  return Hosts::Parts{*std::move(port), *std::move(keeper), std::move(spawner), {}, BuildId()};
}

absl::Status Serve(const Places& places, const std::string& config_path, bool named,
                   LoadedConfig loaded) {
  Log log = Log::OfProcess(loaded.config.log_level);
  const absl::StatusOr<io::OwnedFd> lock = TakeLock(places.lock);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<ActivatedSockets> activated = TakeActivatedSockets(VariableOfProcess, getpid());
  if (!activated.ok()) return activated.status();
  const ServiceManager manager(VariableOfProcess, getpid());
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET",
                           "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    unsetenv(name);
  }
  // While there is nothing yet that its children shouldn't have.
  absl::StatusOr<Spawner> spawner = Spawner::Start(
      {.keep = Keep, .host = [](HostBirth birth) { BearHost(std::move(birth), LiveAsHost); }});
  if (!spawner.ok()) return spawner.status();
  RaiseOpenFiles();

  absl::StatusOr<Hosts::Parts> hosts =
      TakeOver(places, loaded.config, *std::move(spawner), std::move(activated->port), log);
  if (!hosts.ok()) return hosts.status();
  io::OwnedFd control = std::move(activated->control);
  if (!control.valid()) {
    absl::StatusOr<io::OwnedFd> listener = ListenAt(places.control, places.control_mode);
    if (!listener.ok()) return listener.status();
    control = *std::move(listener);
  }
  // Never the service manager's: looking for sessions shall not start moshd either.
  absl::StatusOr<io::OwnedFd> running =
      ListenAt(RunningHostsSocket(places.control), places.control_mode);
  if (!running.ok()) return running.status();
  absl::StatusOr<io::OwnedFd> status = ListenAt(places.status, 0600);
  if (!status.ok()) return status.status();

  absl::StatusOr<std::unique_ptr<io::Reactor>> reactor = io::CreateReactor();
  if (!reactor.ok()) return reactor.status();
  if (absl::Status s = GiveUpPrivileges(); !s.ok()) return s;
  const auto reload = [config_path, named] { return LoadConfig(config_path, named); };
  Gate gate(reactor->get(), &log, &manager,
            Gate::Parts{.hosts = *std::move(hosts),
                        .config = std::move(loaded),
                        .reload = reload,
                        .keeper_path = places.keeper,
                        .control = std::move(control),
                        .running = *std::move(running),
                        .status = *std::move(status)});
  absl::Status why;
  PreferShortSlices();
  (*reactor)->Run(gate.Run(&why));
  return why;
}

int Act(const CommandLine& line) {
  const absl::StatusOr<Places> places = FindPlaces();
  if (!places.ok()) {
    Print(stderr, absl::StrCat("moshd: ", absl::string_view(places.status().message()), "\n"));
    return 1;
  }
  if (line.action == CommandLine::Action::kStatus) return PrintStatus(*places);
  const std::string config_path = line.config.value_or(places->config);
  absl::StatusOr<LoadedConfig> loaded = LoadConfig(config_path, line.config.has_value());
  absl::Status status = loaded.status();
  if (loaded.ok() && line.action == CommandLine::Action::kServe) {
    status = Serve(*places, config_path, line.config.has_value(), *std::move(loaded));
  }
  if (status.ok()) return 0;
  Print(stderr, absl::StrCat("moshd: ", absl::string_view(status.message()), "\n"));
  return 1;
}

}  // namespace

int RunMoshd(int argc, char** argv) {
  const std::span<const char* const> args(argv, static_cast<size_t>(argc));
  if (IsLoginMode(args)) return RunLoginMode(args);
  OpenStandardDescriptors();
  PrepareProcessTitle(argc, argv);
  const std::vector<const char*> words(argv + 1, argv + argc);
  const ParsedCommandLine parsed = ParseCommandLine(words);
  if (!parsed.error.empty()) {
    Print(stderr, absl::StrCat("moshd: ", parsed.error, "\nTry moshd --help.\n"));
    return 2;
  }
  switch (parsed.line.action) {
    case CommandLine::Action::kHelp:
      Print(stdout, kHelp);
      return 0;
    case CommandLine::Action::kVersion:
      Print(stdout, kVersion);
      return 0;
    default:
      return Act(parsed.line);
  }
}

}  // namespace mosh::server::gate
