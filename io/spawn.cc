#include "io/spawn.h"

#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "io/fd_stream.h"
#include "io/owned_fd.h"
#include "io/pidfd_child.h"
#include "io/status.h"

namespace mosh::io {
namespace {

// Which step in the child failed, and how. Travels through a pipe that exec closes.
struct ExecFailure {
  enum Step : int { kTerminal, kDescriptors, kDirectory, kCallback, kExec } step;
  int error;
};

// Everything the child needs, made before the fork: it may not allocate.
struct ExecPlan {
  std::string path;
  std::vector<char*> argv;
  std::vector<char*> envp;
  const ChildSpec* spec;
  std::array<int, 3> stdio;  // become 0, 1, 2; may be these already
  bool controlling_terminal;
};

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

absl::StatusOr<std::string> FindExecutable(const std::string& file) {
  if (absl::StrContains(file, '/')) return file;
  const char* path = getenv("PATH");
  for (const absl::string_view folder :
       absl::StrSplit(path != nullptr ? path : _PATH_DEFPATH, ':')) {
    std::string candidate = absl::StrCat(folder.empty() ? "." : folder, "/", file);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return ErrnoStatus(ENOENT, file);
}

// --- In the child, and in the parent's memory: async-signal-safe calls only ---

[[noreturn]] void Fail(int report, ExecFailure::Step step, int error) {
  const ExecFailure failure{step, error};
  ssize_t unused = write(report, &failure, sizeof(failure));
  static_cast<void>(unused);
  _exit(127);
}

void ResetSignals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void RunChildProcess(const ExecPlan& plan, int report) {
  // Out of the way of 0, 1, 2 first, so that no dup2 below overwrites what a later one needs.
  std::array<int, 3> stdio = plan.stdio;
  for (int& fd : stdio) {
    if ((fd = fcntl(fd, F_DUPFD, 3)) < 0) Fail(report, ExecFailure::kDescriptors, errno);
  }
  if ((report = fcntl(report, F_DUPFD_CLOEXEC, 3)) < 0) _exit(127);
  for (int i = 0; i < 3; ++i) {
    if (dup2(stdio[i], i) < 0) Fail(report, ExecFailure::kDescriptors, errno);
  }
  if (report != 3 && (dup2(report, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) < 0)) {
    Fail(report, ExecFailure::kDescriptors, errno);
  }
  report = 3;
  if (close_range(4, ~0U, 0) != 0) Fail(report, ExecFailure::kDescriptors, errno);
  if (plan.controlling_terminal && (setsid() < 0 || ioctl(0, TIOCSCTTY, 0) != 0)) {
    Fail(report, ExecFailure::kTerminal, errno);
  }
  ResetSignals();
  if (!plan.spec->directory.empty() && chdir(plan.spec->directory.c_str()) != 0) {
    Fail(report, ExecFailure::kDirectory, errno);
  }
  if (plan.spec->before_exec) {
    const int error = plan.spec->before_exec();
    if (error != 0) Fail(report, ExecFailure::kCallback, error);
  }
  execve(plan.path.c_str(), plan.argv.data(), plan.envp.data());
  Fail(report, ExecFailure::kExec, errno);
}

// --- In the parent ---

absl::Status Describe(const ExecFailure& failure, const ExecPlan& plan) {
  switch (failure.step) {
    case ExecFailure::kTerminal:
      return ErrnoStatus(failure.error, "setting the controlling terminal");
    case ExecFailure::kDescriptors:
      return ErrnoStatus(failure.error, "setting up the child's descriptors");
    case ExecFailure::kDirectory:
      return ErrnoStatus(failure.error, plan.spec->directory);
    case ExecFailure::kCallback:
      return ErrnoStatus(failure.error, "preparing the child");
    case ExecFailure::kExec:
      return ErrnoStatus(failure.error, plan.path);
  }
  return absl::InternalError("the child failed");
}

absl::StatusOr<std::unique_ptr<Child>> ForkExec(KernelReactor* reactor, const ChildSpec& spec,
                                                const std::array<int, 3>& stdio,
                                                bool controlling_terminal) {
  if (spec.argv.empty()) return absl::InvalidArgumentError("a child needs an argv[0]");
  absl::StatusOr<std::string> path = FindExecutable(spec.file.empty() ? spec.argv[0] : spec.file);
  if (!path.ok()) return path.status();
  const ExecPlan plan{.path = *std::move(path),
                      .argv = Pointers(spec.argv),
                      .envp = Pointers(spec.environment),
                      .spec = &spec,
                      .stdio = stdio,
                      .controlling_terminal = controlling_terminal};
  std::array<int, 2> report;
  if (pipe2(report.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe2");
  OwnedFd report_read(report[0]);
  OwnedFd report_write(report[1]);
  // No signal may run a handler of the parent in the child.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Not fork(), which copies the page tables: milliseconds where a server holds thousands of
  // sessions. Until the exec the child runs in this memory, and this process waits.
  const pid_t pid = vfork();
  if (pid == 0) RunChildProcess(plan, report_write.get());
  const int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return ErrnoStatus(fork_error, "vfork");
  report_write.Reset();

  // Waits for the exec, which is as quick as the fork was.
  ExecFailure failure;
  ssize_t n;
  do n = read(report_read.get(), &failure, sizeof(failure));
  while (n < 0 && errno == EINTR);
  if (n != sizeof(failure)) return std::make_unique<PidfdChild>(reactor, pid);
  int unused;
  while (waitpid(pid, &unused, 0) < 0 && errno == EINTR) {
  }
  return Describe(failure, plan);
}

// One of the child's three descriptors: what the child gets, and the parent's end of a pipe.
struct Stdio {
  OwnedFd child_end;
  OwnedFd parent_end;
};

absl::StatusOr<Stdio> MakeStdio(StdioMode mode, int number) {
  Stdio stdio;
  if (mode == StdioMode::kInherit) {
    stdio.child_end = OwnedFd(fcntl(number, F_DUPFD_CLOEXEC, 3));
    // A parent without this descriptor: the child gets the null device.
    if (stdio.child_end.valid() || errno != EBADF) return stdio;
  }
  if (mode != StdioMode::kPipe) {
    stdio.child_end = OwnedFd(open(_PATH_DEVNULL, O_RDWR | O_CLOEXEC));
    if (!stdio.child_end.valid()) return ErrnoStatus(errno, _PATH_DEVNULL);
    return stdio;
  }
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe2");
  const bool child_reads = number == 0;
  stdio.child_end = OwnedFd(ends[child_reads ? 0 : 1]);
  stdio.parent_end = OwnedFd(ends[child_reads ? 1 : 0]);
  return stdio;
}

absl::Status PrepareSlave(int slave, const PtySpec& spec) {
  const winsize size{.ws_row = spec.size.rows,
                     .ws_col = spec.size.columns,
                     .ws_xpixel = spec.size.x_pixels,
                     .ws_ypixel = spec.size.y_pixels};
  if (ioctl(slave, TIOCSWINSZ, &size) != 0) return ErrnoStatus(errno, "TIOCSWINSZ");
  termios modes;
  if (tcgetattr(slave, &modes) != 0) return ErrnoStatus(errno, "tcgetattr");
  if (spec.utf8) {
    modes.c_iflag |= IUTF8;
  } else {
    modes.c_iflag &= ~static_cast<tcflag_t>(IUTF8);
  }
  if (tcsetattr(slave, TCSANOW, &modes) != 0) return ErrnoStatus(errno, "tcsetattr");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Process> SpawnProcess(KernelReactor* reactor, const ProcessSpec& spec) {
  const std::array<StdioMode, 3> modes = {spec.stdin_mode, spec.stdout_mode, spec.stderr_mode};
  std::array<Stdio, 3> stdio;
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<Stdio> made = MakeStdio(modes[i], i);
    if (!made.ok()) return made.status();
    stdio[i] = *std::move(made);
  }
  absl::StatusOr<std::unique_ptr<Child>> child = ForkExec(
      reactor, spec.child,
      {stdio[0].child_end.get(), stdio[1].child_end.get(), stdio[2].child_end.get()}, false);
  if (!child.ok()) return child.status();
  Process process;
  process.child = *std::move(child);
  const std::array<std::unique_ptr<Stream>*, 3> streams = {
      &process.stdin_stream, &process.stdout_stream, &process.stderr_stream};
  for (int i = 0; i < 3; ++i) {
    if (!stdio[i].parent_end.valid()) continue;
    absl::StatusOr<std::unique_ptr<Stream>> stream =
        FdStream::Open(reactor, std::move(stdio[i].parent_end));
    if (!stream.ok()) return stream.status();
    *streams[i] = *std::move(stream);
  }
  return process;
}

absl::StatusOr<PtyProcess> SpawnInPty(KernelReactor* reactor, const PtySpec& spec) {
  OwnedFd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!master.valid()) return ErrnoStatus(errno, "posix_openpt");
  if (grantpt(master.get()) != 0) return ErrnoStatus(errno, "grantpt");
  if (unlockpt(master.get()) != 0) return ErrnoStatus(errno, "unlockpt");
  std::array<char, 64> path{};
  if (ptsname_r(master.get(), path.data(), path.size()) != 0) return ErrnoStatus(errno, "ptsname");
  // Through the master and not by path: right also where /dev/pts is another mount.
  OwnedFd slave(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave.valid()) slave = OwnedFd(open(path.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave.valid()) return ErrnoStatus(errno, path.data());
  if (absl::Status ready = PrepareSlave(slave.get(), spec); !ready.ok()) return ready;

  absl::StatusOr<std::unique_ptr<Child>> child =
      ForkExec(reactor, spec.child, {slave.get(), slave.get(), slave.get()}, true);
  if (!child.ok()) return child.status();
  absl::StatusOr<std::unique_ptr<Tty>> stream = FdStream::Open(reactor, std::move(master));
  if (!stream.ok()) return stream.status();
  return PtyProcess{
      .master = *std::move(stream), .child = *std::move(child), .slave_path = path.data()};
}

}  // namespace mosh::io
