// mosh-server: gives a new session to moshd, or assembles a Host with one session and one endpoint
// and runs it, detached. The order of the first steps is docs/spec/cli.md §3.1; nothing that can
// wait stands before the connect line. Its other commands ask the Hosts that run already.
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/short_slices.h"
#include "crypto/cleanse.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/create_reactor.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/task.h"
#include "server/ask_servers.h"
#include "server/bind.h"
#include "server/bind_address.h"
#include "server/command_line.h"
#include "server/connect_line.h"
#include "server/control/control_listener.h"
#include "server/control/runtime_directory.h"
#include "server/detach.h"
#include "server/environment.h"
#include "server/host.h"
#include "server/locale.h"
#include "server/login.h"
#include "server/login_mode.h"
#include "server/login_plan.h"
#include "server/print.h"
#include "server/program.h"
#include "server/pty_master.h"
#include "server/timeouts.h"
#include "server/utmp.h"
#include "server/version.h"
#include "term/size.h"

namespace mosh::server {
namespace {

int Fail(const absl::Status& status) {
  Print(STDERR_FILENO,
        absl::StrCat("Network exception: ", absl::string_view(status.message()), "\n"));
  return 1;
}

// Keys must not end up in a core file. Gives what the session's program gets back.
std::optional<rlimit> ForbidCoreFiles() {
  rlimit before;
  if (getrlimit(RLIMIT_CORE, &before) != 0) return std::nullopt;
  rlimit none = before;
  none.rlim_cur = 0;
  if (setrlimit(RLIMIT_CORE, &none) != 0) return std::nullopt;
  return before;
}

term::Size SizeOfStdin() {
  winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return term::Size();
  }
  return term::ClampSize({size.ws_col, size.ws_row});
}

std::string WantedAddress(const CommandLine& line, const Environment& environment) {
  if (line.bind != CommandLine::Bind::kSshConnection) return line.address;
  const SshAddress ssh = ServerAddressFromSsh(environment);
  Print(STDERR_FILENO, ssh.warning);
  return ssh.address;
}

void WipeKey(crypto::SessionKey& key) { const crypto::SessionKey gone = std::move(key); }

// What the detached process works with.
struct Start {
  std::string program;
  CommandLine line;
  Environment environment;
  Timeouts timeouts;
  term::Size size;
  rlimit core_limit;
  BoundSocket socket;
};

// So that the session can be listed and attached to. It runs without, too.
std::unique_ptr<ControlListener> ListenForControl(io::Reactor* reactor, const Start& start) {
  const absl::StatusOr<std::string> directory = RuntimeDirectory(RuntimePlacesOfProcess());
  absl::Status status = directory.status();
  if (directory.ok()) {
    absl::StatusOr<std::unique_ptr<ControlListener>> listener =
        ControlListener::Create(reactor, *directory, getpid());
    if (listener.ok()) return *std::move(listener);
    status = listener.status();
  }
  if (start.line.verbosity > 0) {
    Print(STDERR_FILENO, absl::StrCat(start.program, ": no control socket: ",
                                      absl::string_view(status.message()), "\n"));
  }
  return nullptr;
}

// `listener` may be null.
io::Task<void> RunHost(Host* host, ControlListener* listener) {
  io::Scope scope;
  if (listener != nullptr) scope.Spawn(listener->Run(host, scope.token()));
  co_await host->Run();
  co_await scope.CancelAndJoin();
}

// Everything after the connect line, in the detached process. A status other than OK means that no
// session came about.
absl::Status Serve(Start start, crypto::SessionKey key) {
  const auto forget_key = [&key] { WipeKey(key); };
  Account account;
  if (!start.environment.Get("SHELL") || !start.environment.Get("HOME")) {
    account = AccountOfProcess();
  }
  std::string user = start.environment.Get("USER").value_or("");
  LoginPlan plan =
      PlanLogin(start.line.command, start.line.colors, account, std::move(start.environment));

  // The children come before the reactor, whose rings they mustn't inherit.
  const absl::StatusOr<PtyPair> pty = OpenPty(start.size.columns, start.size.rows);
  if (!pty.ok()) return pty.status();
  io::OwnedFd master(pty->master);
  const std::unique_ptr<UtmpKeeper> keeper = UtmpKeeper::Start(getpid(), forget_key);
  const absl::StatusOr<LoginProcess> login =
      StartLogin(std::move(plan), *pty, start.core_limit, forget_key);
  if (!login.ok()) return login.status();
  auto release = std::make_shared<io::OwnedFd>(login->release);

  absl::StatusOr<std::unique_ptr<io::Reactor>> reactor = io::CreateReactor();
  if (!reactor.ok()) return reactor.status();
  absl::StatusOr<std::unique_ptr<io::UdpSocket>> socket =
      (*reactor)->AdoptUdp(std::move(start.socket.fd), io::UdpOptions());
  if (!socket.ok()) return socket.status();
  absl::StatusOr<std::unique_ptr<io::Stream>> pty_stream =
      (*reactor)->OpenStream(std::move(master));
  if (!pty_stream.ok()) return pty_stream.status();
  absl::StatusOr<std::unique_ptr<io::SignalSource>> signals =
      (*reactor)->WatchSignals({SIGTERM, SIGINT, SIGUSR1});
  if (!signals.ok()) return signals.status();

  HostOptions options;
  options.timeouts = start.timeouts;
  options.user = std::move(user);
  options.verbosity = start.line.verbosity;
  options.log = [](absl::string_view text) { Print(STDERR_FILENO, absl::StrCat(text, "\n")); };
  SessionParts session;
  session.size = start.size;
  session.command = start.line.command;
  auto session_id = std::make_shared<std::string>();
  auto program = std::make_shared<RunningProgram>();
  program->pty = std::make_unique<PtyMaster>(*std::move(pty_stream));
  program->pid = login->pid;
  program->record = keeper->Keep(program->pty->fd());
  session.start = [program, release,
                   session_id](term::Size size) -> absl::StatusOr<RunningProgram> {
    const absl::Status sized = program->pty->SetWindowSize(
        {.columns = static_cast<uint16_t>(size.columns), .rows = static_cast<uint16_t>(size.rows)});
    if (!sized.ok()) return sized;
    Print(release->get(), *session_id);
    release->Reset();
    return std::move(*program);
  };
  crypto::SystemRandom random;
  Host host(reactor->get(), std::move(options), &random);
  host.AddSocket(*std::move(socket));
  host.AddSignals(*std::move(signals));
  *session_id = host.AddSession(std::move(session), key);
  WipeKey(key);
  const std::unique_ptr<ControlListener> listener = ListenForControl(reactor->get(), start);
  PreferShortSlices();
  (*reactor)->Run(RunHost(&host, listener.get()));
  return absl::OkStatus();
}

int Main(std::span<const char* const> args) {
  if (IsLoginMode(args)) return RunLoginMode(args);
  const std::optional<rlimit> core_limit = ForbidCoreFiles();
  if (!core_limit) {
    perror("setrlimit(RLIMIT_CORE)");
    return 1;
  }
  ParsedCommandLine parsed = ParseCommandLine(args);
  Print(STDOUT_FILENO, parsed.out);
  Print(STDERR_FILENO, parsed.err);
  const std::string program = args.empty() || args[0][0] == '\0' ? kProgramName : args[0];
  if (parsed.subcommand) return AskServers(*parsed.subcommand, program);
  if (!parsed.run) return parsed.status;

  Start start;
  start.program = program;
  start.line = *std::move(parsed.run);
  if (const int refused = CheckMayStart(program, start.line); refused != 0) return refused;
  start.core_limit = *core_limit;
  start.environment = Environment::OfProcess();
  std::string messages = AdoptUtf8Locale(start.line.locale, ProbeCharset, &start.environment);
  start.timeouts = TimeoutsFromEnvironment(start.environment, &messages);
  start.size = SizeOfStdin();
  if (HandOverToMoshd(program, start.line, start.environment, start.timeouts, start.size,
                      start.core_limit)) {
    Print(STDERR_FILENO, messages);
    return 0;
  }
  const std::string address = WantedAddress(start.line, start.environment);
  absl::StatusOr<BoundSocket> bound = BindServerPort(address, start.line.ports, &messages);
  Print(STDERR_FILENO, messages);
  if (!bound.ok()) return Fail(bound.status());
  start.socket = *std::move(bound);

  crypto::SystemRandom random;
  crypto::SessionKey key = crypto::SessionKey::Generate(random);
  std::string key_text = key.ToBase64();
  PrintConnectLine(start.socket.port, key_text);
  crypto::Cleanse({reinterpret_cast<uint8_t*>(key_text.data()), key_text.size()});
  const bool keep_stdio = start.line.verbosity > 0;
  absl::Status status = Detach(keep_stdio, [&key] { WipeKey(key); });
  if (status.ok()) status = Serve(std::move(start), std::move(key));
  if (!status.ok()) return Fail(status);
  Print(STDOUT_FILENO, "\n[mosh-server is exiting.]\n");
  return 0;
}

}  // namespace
}  // namespace mosh::server

int main(int argc, char* argv[]) {
  return mosh::server::Main(std::span<const char* const>(argv, static_cast<size_t>(argc)));
}
