#include "server/login.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/control/host_sockets.h"
#include "server/control/session_finder.h"
#include "server/control/session_list.h"
#include "server/print.h"
#include "server/utmp.h"
#include "server/utmp_text.h"

namespace mosh::server {
namespace {

constexpr int kReleaseDescriptor = 3;
// A server that hangs shall not keep a login waiting for long.
constexpr std::chrono::milliseconds kPatienceWithServers{300};
constexpr unsigned kFailurePauseSeconds = 3;  // long enough to read why nothing started

absl::Status ErrnoStatus(absl::string_view what) { return absl::ErrnoToStatus(errno, what); }

// Copies a file to the terminal. False if there is none.
bool ShowFile(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  char block[4096];
  ssize_t size;
  while ((size = read(file, block, sizeof block)) > 0) {
    Print(STDOUT_FILENO, absl::string_view(block, size));
  }
  close(file);
  return true;
}

void ShowMessageOfTheDay() {
  if (!ShowFile("/run/motd.dynamic")) ShowFile("/var/run/motd.dynamic");
  ShowFile("/etc/motd");
}

// Of sessions that our own servers have, and of those that are in utmp. `own_id` is this session.
void WarnOfDetachedSessions(absl::string_view own_id) {
  const Account account = AccountOfProcess();
  LoginWarning warning;
  const FoundSessions found = FindSessions(ControlSockets(nullptr),
                                           std::chrono::steady_clock::now() + kPatienceWithServers);
  for (const FoundSession& one : found.sessions) {
    const control::Session& session = one.session;
    warning.our_servers.insert(session.server_pid());
    const bool left = session.detached_since() != 0 && session.pid() != 0;
    if (!left || session.id() == own_id) continue;
    const absl::Duration since = absl::Now() - absl::FromUnixMicros(session.detached_since());
    warning.ours.push_back({session.id(), SessionSubject(session), RoughDuration(since)});
  }
  warning.entries = ReadUtmp();
  char host[HOST_NAME_MAX + 1] = "host";
  gethostname(host, sizeof host - 1);
  warning.way_here = absl::StrCat(account.name, "@", host);
  warning.user = account.name;
  const char* terminal = ttyname(STDIN_FILENO);
  warning.own_line = std::string(absl::StripPrefix(terminal == nullptr ? "" : terminal, "/dev/"));
  Print(STDOUT_FILENO, DetachedSessionsWarning(warning, [](const std::string& line) {
          struct stat unused;
          return stat(absl::StrCat("/dev/", line).c_str(), &unused) == 0;
        }));
}

bool WantsQuiet(const std::string& home) {
  struct stat unused;
  return stat(absl::StrCat(home, "/.hushlogin").c_str(), &unused) == 0;
}

// Waits for the server's word: the session's id. Empty: the server is gone or doesn't want us any
// more.
std::string WaitForRelease() {
  std::string id;
  char block[64];
  while (true) {
    const ssize_t size = read(kReleaseDescriptor, block, sizeof block);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    id.append(block, size);
  }
  close(kReleaseDescriptor);
  return id;
}

void TakeTerminal(int slave, int release) {
  signal(SIGHUP, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setsid();
  ioctl(slave, TIOCSCTTY, 0);
  // Copies above anything we are about to overwrite; then nothing of the server's stays open.
  const int high_slave = fcntl(slave, F_DUPFD_CLOEXEC, 10);
  const int high_release = fcntl(release, F_DUPFD_CLOEXEC, 10);
  if (high_slave < 0 || high_release < 0) _exit(1);
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(high_slave, descriptor);
  dup2(high_release, kReleaseDescriptor);
  fcntl(kReleaseDescriptor, F_SETFD, FD_CLOEXEC);
  close_range(kReleaseDescriptor + 1, ~0u, 0);
}

}  // namespace

Account AccountOfProcess() {
  Account account;
  if (const passwd* entry = getpwuid(getuid())) {
    account.name = entry->pw_name;
    account.home = entry->pw_dir;
    account.shell = entry->pw_shell;
  }
  return account;
}

absl::StatusOr<PtyPair> OpenPty(int columns, int rows) {
  PtyPair pty;
  pty.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty.master < 0) return ErrnoStatus("posix_openpt");
  char name[64];
  if (grantpt(pty.master) != 0 || unlockpt(pty.master) != 0 ||
      ptsname_r(pty.master, name, sizeof name) != 0 ||
      (pty.slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
    const absl::Status status = ErrnoStatus("opening the terminal's other end");
    close(pty.master);
    return status;
  }
  termios settings;
  if (tcgetattr(pty.slave, &settings) == 0) {
    settings.c_iflag |= IUTF8;
    tcsetattr(pty.slave, TCSANOW, &settings);
  }
  winsize size = {};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  ioctl(pty.slave, TIOCSWINSZ, &size);
  return pty;
}

absl::StatusOr<LoginProcess> StartLogin(LoginPlan plan, const PtyPair& pty,
                                        const rlimit& core_limit,
                                        const std::function<void()>& in_child) {
  int release[2];
  if (pipe2(release, O_CLOEXEC) != 0) return ErrnoStatus("pipe2");
  const pid_t pid = fork();
  if (pid == 0) {
    in_child();
    TakeTerminal(pty.slave, release[0]);
    const std::string session_id = WaitForRelease();
    if (session_id.empty()) _exit(0);
    plan.environment.Set(kSessionIdVariable, session_id);
    BecomeProgram(std::move(plan), core_limit);
  }
  const absl::Status failed = pid < 0 ? ErrnoStatus("fork") : absl::OkStatus();
  close(release[0]);
  close(pty.slave);
  if (!failed.ok()) {
    close(release[1]);
    return failed;
  }
  return LoginProcess{pid, release[1]};
}

void BecomeProgram(LoginPlan plan, const rlimit& core_limit) {
  if (plan.login_shell && !WantsQuiet(plan.home)) {
    ShowMessageOfTheDay();
    WarnOfDetachedSessions(plan.environment.Get(kSessionIdVariable).value_or(""));
  }
  if (!plan.home.empty() && chdir(plan.home.c_str()) != 0) {
    Print(STDERR_FILENO, absl::StrCat("chdir: ", plan.home, ": ", strerror(errno), "\n"));
  }
  setrlimit(RLIMIT_CORE, &core_limit);

  std::vector<char*> argv;
  for (std::string& word : plan.argv) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvpe(plan.program.c_str(), argv.data(), plan.environment.ToPointers().data());
  Print(STDERR_FILENO, absl::StrCat("execvp: ", plan.program, ": ", strerror(errno), "\n"));
  sleep(kFailurePauseSeconds);
  _exit(1);
}

}  // namespace mosh::server
