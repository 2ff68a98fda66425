#include "e2e/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace mosh::e2e {
namespace {

[[noreturn]] void Die(const std::string& what) {
  fprintf(stderr, "e2e: %s: %s\n", what.c_str(), strerror(errno));
  abort();
}

int OpenPidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

std::string FindInPath(const std::string& name) {
  if (absl::StrContains(name, "/")) return name;
  const char* path = getenv("PATH");
  for (absl::string_view folder : absl::StrSplit(path != nullptr ? path : "/usr/bin:/bin", ':')) {
    const std::string candidate = absl::StrCat(folder, "/", name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return name;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec: async-signal-safe calls only. Writes errno to `failure` if exec can't be
// reached.
[[noreturn]] void BecomeProgram(const SpawnOptions& options, const char* path, char* const* argv,
                                char* const* envp, int failure) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM}) signal(number, SIG_DFL);
  if (options.terminal >= 0) {
    setsid();
    ioctl(options.terminal, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; ++fd) dup2(options.terminal, fd);
  } else {
    const int null = open("/dev/null", O_RDWR);
    const int wanted[] = {options.in, options.out, options.err};
    for (int fd = 0; fd < 3; ++fd) dup2(wanted[fd] >= 0 ? wanted[fd] : null, fd);
    if (null > 2) close(null);
  }
  if (options.directory.empty() || chdir(options.directory.c_str()) == 0) execve(path, argv, envp);
  const int error = errno;
  static_cast<void>(!write(failure, &error, sizeof error));
  _exit(127);
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<pid_t> MarkedPids(absl::string_view mark) {
  const std::string wanted = absl::StrCat(kMarkVariable, "=", mark);
  std::vector<pid_t> pids;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) Die("/proc");
  while (const dirent* entry = readdir(proc)) {
    pid_t pid;
    if (!absl::SimpleAtoi(entry->d_name, &pid) || pid == getpid()) continue;
    const std::string environment = ReadAll(absl::StrCat("/proc/", pid, "/environ"));
    for (absl::string_view variable : absl::StrSplit(environment, '\0')) {
      if (variable != wanted) continue;
      pids.push_back(pid);
      break;
    }
  }
  closedir(proc);
  return pids;
}

}  // namespace

Process Process::Spawn(const SpawnOptions& options) {
  const std::string path = FindInPath(options.argv[0]);
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.environment)
    environment.push_back(absl::StrCat(name, "=", value));
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) Die("pipe");
  const pid_t pid = fork();
  if (pid < 0) Die("fork");
  if (pid == 0) BecomeProgram(options, path.c_str(), argv.data(), envp.data(), failure[1]);
  close(failure[1]);
  int error = 0;
  const ssize_t n = read(failure[0], &error, sizeof error);
  close(failure[0]);
  if (n == sizeof error) {
    errno = error;
    Die(absl::StrCat("can't run ", path));
  }
  Process process = Adopt(pid);
  process.spawned_ = true;
  return process;
}

Process Process::Adopt(pid_t pid) {
  Process process;
  process.pid_ = pid;
  process.pidfd_ = OpenPidfd(pid);
  if (process.pidfd_ >= 0) fcntl(process.pidfd_, F_SETFD, FD_CLOEXEC);
  process.gone_ = process.pidfd_ < 0;
  return process;
}

Process::~Process() {
  if (pid_ < 0) return;
  if (!Exited() && spawned_) {
    Signal(SIGKILL);
    WaitExit(Deadline::In(std::chrono::seconds(10)));
  }
  if (pidfd_ >= 0) close(pidfd_);
}

Process::Process(Process&& other) noexcept { *this = std::move(other); }

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(spawned_, other.spawned_);
  std::swap(gone_, other.gone_);
  std::swap(status_, other.status_);
  return *this;
}

void Process::Signal(int number) const {
  if (pidfd_ >= 0) syscall(SYS_pidfd_send_signal, pidfd_, number, nullptr, 0);
}

bool Process::Exited() {
  if (gone_) return true;
  pollfd p = {pidfd_, POLLIN, 0};
  if (poll(&p, 1, 0) <= 0) return false;
  gone_ = true;
  int status;
  if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return true;
}

bool Process::WaitExit(Deadline deadline) {
  while (!Exited()) {
    if (deadline.passed()) return false;
    pollfd p = {pidfd_, POLLIN, 0};
    poll(&p, 1, deadline.MillisLeft());
  }
  return true;
}

bool Process::WaitStopped(Deadline deadline) {
  while (!deadline.passed() && !Exited()) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == pid_) {
      return true;
    }
    // The kernel tells of this by SIGCHLD only; looking again is simpler than a handler.
    WaitExit(Earlier(deadline, Deadline::In(std::chrono::milliseconds(2))));
  }
  return false;
}

int Process::ExitCode() const {
  if (!status_) return -1;
  return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : 128 + WTERMSIG(*status_);
}

Output RunToEnd(SpawnOptions options, Deadline deadline) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) Die("pipe");
  options.out = out[1];
  options.err = err[1];
  Process process = Process::Spawn(options);
  close(out[1]);
  close(err[1]);
  Output output;
  pollfd fds[] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}, {process.pidfd(), POLLIN, 0}};
  std::string* const sinks[] = {&output.out, &output.err};
  // Ends with the program, even if a daemon of its own still holds the pipes.
  while (!deadline.passed()) {
    if (poll(fds, 3, deadline.MillisLeft()) < 0 && errno != EINTR) Die("poll");
    bool read_some = false;
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char bytes[4096];
      const ssize_t n = read(fds[i].fd, bytes, sizeof bytes);
      if (n > 0) {
        sinks[i]->append(bytes, static_cast<size_t>(n));
        read_some = true;
      } else {
        fds[i].fd = -1;
      }
    }
    if (!read_some && process.Exited()) break;
  }
  output.ended = process.Exited();
  output.exit_code = process.ExitCode();
  close(out[0]);
  close(err[0]);
  return output;
}

void BecomeReaper() { prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

std::vector<std::string> MarkedProcesses(absl::string_view mark) {
  std::vector<std::string> found;
  for (const pid_t pid : MarkedPids(mark)) {
    const std::string command = ReadAll(absl::StrCat("/proc/", pid, "/cmdline"));
    if (command.empty()) continue;  // ended meanwhile
    found.push_back(
        absl::StrCat(pid, " ", absl::StrReplaceAll(command, {{absl::string_view("\0", 1), " "}})));
  }
  return found;
}

std::vector<std::string> WaitNoMarkedProcesses(absl::string_view mark, Deadline deadline) {
  while (true) {
    const std::vector<pid_t> pids = MarkedPids(mark);
    if (pids.empty() || deadline.passed()) return MarkedProcesses(mark);
    Process::Adopt(pids[0]).WaitExit(deadline);
  }
}

void KillMarkedProcesses(absl::string_view mark) {
  for (const pid_t pid : MarkedPids(mark)) {
    Process process = Process::Adopt(pid);
    process.Signal(SIGKILL);
    process.WaitExit(Deadline::In(std::chrono::seconds(10)));
  }
}

}  // namespace mosh::e2e
