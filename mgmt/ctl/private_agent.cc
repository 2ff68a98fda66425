#include "mgmt/ctl/private_agent.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "mgmt/ctl/server_choice.h"
#include "mgmt/ctl/text.h"

extern char** environ;

namespace mosh::mgmt::ctl {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(5);
constexpr absl::Duration kGoodbye = absl::Seconds(2);

// Beside this program (Bazel's runfiles are too, when it is run from there); else whatever PATH
// has.
std::string AgentProgram(const std::string& directory) {
  for (const char* place : {"/mosh-agent", "/moshctl.runfiles/mosh_fleet/mgmt/mosh-agent"}) {
    const std::string path = absl::StrCat(directory, place);
    if (!directory.empty() && access(path.c_str(), X_OK) == 0) return path;
  }
  return "mosh-agent";
}

// Looks every few milliseconds until `done` or the time is over. Whether it was done.
template <class Done>
bool WaitUntil(absl::Duration timeout, Done done) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!done()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(kLookInterval);
  }
  return true;
}

bool HasEnded(pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; }

// What the agent said last before it gave up.
std::string LastWords(int fd) {
  char text[400];
  const off_t size = lseek(fd, 0, SEEK_END);
  const off_t begin = size > off_t{sizeof text} ? size - off_t{sizeof text} : 0;
  const ssize_t count = pread(fd, text, sizeof text, begin);
  if (count <= 0) return "it said nothing";
  absl::string_view words = absl::StripSuffix(absl::string_view(text, count), "\n");
  words.remove_prefix(words.rfind('\n') == absl::string_view::npos ? 0 : words.rfind('\n') + 1);
  return Harmless(words);
}

absl::StatusOr<pid_t> Spawn(const std::string& program, const std::string& socket, int error_fd) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  if (error_fd >= 0) posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Commands with a live screen have signals blocked.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string words[] = {program, "--listen-unix", socket, "--exit-with-parent"};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, program.c_str(), &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat(
        "no agent runs here, and a private one can't be started: ", program, ": ", strerror(error),
        "\n  Install mosh-agent beside moshctl, or name a server with --server or "
        "MOSHCTL_SERVER."));
  }
  return pid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PrivateAgent>> PrivateAgent::Start(const Surroundings& surroundings,
                                                                  absl::Duration timeout,
                                                                  bool verbose) {
  const absl::StatusOr<std::string> directory = UsersDirectory(surroundings);
  if (!directory.ok()) return directory.status();
  const std::string socket = absl::StrCat(*directory, "/moshctl-", getpid(), ".sock");
  const std::string program = AgentProgram(surroundings.program_directory);
  // Kept in memory, to be shown if it fails.
  const io::OwnedFd words(verbose ? -1 : memfd_create("mosh-agent", MFD_CLOEXEC));
  const absl::StatusOr<pid_t> pid = Spawn(program, socket, words.get());
  if (!pid.ok()) return pid.status();
  std::unique_ptr<PrivateAgent> agent(new PrivateAgent(*pid, socket));
  const bool up = WaitUntil(timeout, [&] {
    if (SomebodyAccepts(socket)) return true;
    if (!HasEnded(agent->pid_)) return false;
    agent->pid_ = -1;
    return true;
  });
  if (agent->pid_ < 0) {
    return absl::UnavailableError(
        absl::StrCat("no agent runs here, and a private one (", program,
                     ") ended at once: ", verbose ? "it said why" : LastWords(words.get())));
  }
  if (!up) {
    return absl::UnavailableError(
        absl::StrCat("no agent runs here, and a private one (", program,
                     ") doesn't listen in time\n  --timeout allows for more."));
  }
  if (verbose) {
    surroundings.Remark(absl::StrCat("no agent runs here: started ", program, " at ", socket));
  }
  return agent;
}

PrivateAgent::~PrivateAgent() {
  if (pid_ >= 0) {
    kill(pid_, SIGTERM);
    if (!WaitUntil(kGoodbye, [this] { return HasEnded(pid_); })) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  unlink(socket_.c_str());
}

}  // namespace mosh::mgmt::ctl
