// Programs under test as child processes: start, wait, signal, find what they left behind.
//
// Waiting is poll() on a pidfd with a deadline. BecomeReaper() makes the test process the parent of
// whatever daemon a program leaves, so that its end, too, can be awaited. Failures to start are
// test bugs and abort with a message.
#ifndef E2E_PROCESS_H_
#define E2E_PROCESS_H_

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "e2e/deadline.h"

namespace mosh::e2e {

using Environment = std::map<std::string, std::string>;

// Every process that a test starts, directly or not, inherits this variable; its value is unique to
// one test.
inline constexpr char kMarkVariable[] = "MOSH_E2E_MARK";

struct SpawnOptions {
  std::vector<std::string> argv;  // argv[0]: looked up in this process's PATH unless it has a slash
  Environment environment;        // complete, nothing is inherited
  std::string directory;          // "": this process's
  // -1: /dev/null. They stay the caller's.
  int in = -1, out = -1, err = -1;
  int terminal =
      -1;  // if set: a new session with this as its controlling terminal and descriptors 0 to 2
};

// A process, ours or adopted. Move-only; the destructor kills it if we spawned it and it still
// runs.
class Process {
 public:
  Process() = default;
  static Process Spawn(const SpawnOptions& options);
  // One that is running already, by its number, for instance a daemon. If it has gone, exited() is
  // true.
  static Process Adopt(pid_t pid);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_; }
  void Signal(int number) const;

  // Has it ended? Collects its status if it is our child.
  bool Exited();
  bool WaitExit(Deadline deadline);
  // Until a signal has stopped it (a child of ours).
  bool WaitStopped(Deadline deadline);
  // As waitpid() gives it; nullopt: still running, or not our child.
  std::optional<int> status() const { return status_; }
  // 0..255 after a normal exit, 128 + signal after a violent one, -1 if unknown.
  int ExitCode() const;

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1;
  bool spawned_ = false;
  bool gone_ = false;
  std::optional<int> status_;
};

// A program's whole output and how it ended.
struct Output {
  bool ended = false;  // false: was killed at the deadline
  int exit_code = -1;
  std::string out;
  std::string err;
};
// Runs it to its end; options.out and .err are replaced.
Output RunToEnd(SpawnOptions options, Deadline deadline);

// Orphans of this process's children become its own children from now on.
void BecomeReaper();

// "pid command line" of each live process (zombies apart) whose environment holds
// MOSH_E2E_MARK=mark.
std::vector<std::string> MarkedProcesses(absl::string_view mark);
// Waits until there are none; returns those that are left at the deadline.
std::vector<std::string> WaitNoMarkedProcesses(absl::string_view mark, Deadline deadline);
// Kills them. For clean-up.
void KillMarkedProcesses(absl::string_view mark);

}  // namespace mosh::e2e

#endif  // E2E_PROCESS_H_
