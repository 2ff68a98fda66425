#include "server/gate/host_birth.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "io/status.h"
#include "server/gate/log.h"
#include "server/gate/pam_session.h"
#include "server/gate/process_title.h"
#include "server/gate/refusal.h"

namespace mosh::server::gate {
namespace {

constexpr char kDefaultPath[] = "/usr/local/bin:/usr/bin:/bin:/usr/games";

// The gate's own place in the queue of the out-of-memory killer is not for users.
void LeaveOomProtection() {
  const io::OwnedFd file(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const ssize_t written = write(file.get(), "0", 1);
}

void SetEnvironment(const Identity& who, const std::vector<std::string>& from_pam) {
  const char* backend = getenv("MOSH_IO_BACKEND");
  const char* runtime = geteuid() == who.uid ? getenv("XDG_RUNTIME_DIR") : nullptr;
  const std::string kept_backend = backend == nullptr ? "" : backend;
  const std::string kept_runtime = runtime == nullptr ? "" : runtime;
  clearenv();
  setenv("HOME", who.home.c_str(), 1);
  setenv("USER", who.name.c_str(), 1);
  setenv("LOGNAME", who.name.c_str(), 1);
  setenv("SHELL", who.shell.c_str(), 1);
  setenv("PATH", kDefaultPath, 1);
  if (!kept_backend.empty()) setenv("MOSH_IO_BACKEND", kept_backend.c_str(), 1);
  if (!kept_runtime.empty()) setenv("XDG_RUNTIME_DIR", kept_runtime.c_str(), 1);
  for (const std::string& assignment : from_pam) {
    const size_t at = assignment.find('=');
    if (at == std::string::npos) continue;
    setenv(assignment.substr(0, at).c_str(), assignment.c_str() + at + 1, 1);
  }
}

// Keys must not end up in a core file; a Host of many sessions has many descriptors.
absl::StatusOr<rlimit> SetLimits() {
  rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) != 0) return io::ErrnoStatus(errno, "getrlimit(RLIMIT_CORE)");
  core.rlim_cur = 0;
  if (setrlimit(RLIMIT_CORE, &core) != 0) return io::ErrnoStatus(errno, "setrlimit(RLIMIT_CORE)");
  rlimit open_files;
  if (getrlimit(RLIMIT_NOFILE, &open_files) != 0) return io::ErrnoStatus(errno, "getrlimit");
  const rlimit raised = {open_files.rlim_max, open_files.rlim_max};
  setrlimit(RLIMIT_NOFILE, &raised);
  return open_files;
}

// From root to the user. Standard error stays until the Host runs, for its last words.
absl::StatusOr<rlimit> Become(const Identity& who, const std::vector<std::string>& environment) {
  LeaveOomProtection();
  const absl::StatusOr<rlimit> open_files = SetLimits();
  if (!open_files.ok()) return open_files.status();
  SetEnvironment(who, environment);
  if (geteuid() != who.uid || geteuid() == 0) {
    if (absl::Status s = BecomeUser(who); !s.ok()) return s;
  }
  // The kernel has done so where the user has changed; and it is what keeps this process's memory
  // and descriptors from the user's other processes.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return io::ErrnoStatus(errno, "PR_SET_DUMPABLE");
  umask(022);
  if (chdir("/") != 0) return io::ErrnoStatus(errno, "chdir");
  return open_files;
}

// Waits for its end and passes on the wish for it.
void WaitFor(pid_t pid) {
  SetProcessTitle("moshd-session", absl::StrCat("moshd: session of process ", pid));
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  while (waitpid(pid, nullptr, WNOHANG) == 0) {
    int number;
    if (sigwait(&signals, &number) == 0 && number != SIGCHLD) kill(pid, number);
  }
}

absl::Status Bear(HostBirth& birth, const std::function<void(HostLife)>& live) {
  HostLife life;
  life.number = birth.number;
  life.config = ParseConfig(birth.config).config;
  absl::StatusOr<Identity> who = LookUp(birth.uid);
  if (!who.ok()) return who.status();
  if (absl::Status s = CheckAllowed(life.config, *who); !s.ok()) return s;
  life.who = *std::move(who);
  setsid();

  std::vector<std::string> environment;
  if (!life.config.pam_service.empty() && geteuid() == 0) {
    absl::StatusOr<std::unique_ptr<PamSession>> session =
        PamSession::Open(life.config.pam_service, life.who.name);
    if (!session.ok()) return session.status();
    environment = (*session)->Environment();
    // The one who opened the session must close it, as root, and hold nothing of the Host's until
    // then.
    const pid_t pid = fork();
    if (pid < 0) return io::ErrnoStatus(errno, "fork");
    if (pid > 0) {
      birth.link.Reset();
      birth.sockets.clear();
      WaitFor(pid);
      return absl::OkStatus();
    }
    session->release();  // the copy; its handle is the parent's to close
  }
  const absl::StatusOr<rlimit> open_files = Become(life.who, environment);
  if (!open_files.ok()) return open_files.status();
  SetProcessTitle("moshd-host", absl::StrCat("moshd: host of ", life.who.name));
  life.open_files = *open_files;
  life.link = std::move(birth.link);
  life.sockets = std::move(birth.sockets);
  live(std::move(life));
  _exit(0);
}

}  // namespace

void BearHost(HostBirth birth, const std::function<void(HostLife)>& live) {
  const absl::Status status = Bear(birth, live);
  if (status.ok()) return;
  Log::OfProcess(LogLevel::kInfo)
      .Warning(
          absl::StrCat("no Host for user ", birth.uid, ": ", absl::string_view(status.message())));
  if (birth.link.valid()) RefuseWaiting(birth.link.get(), status);
}

}  // namespace mosh::server::gate
