// Child processes: what to run, how it ended. Started by Reactor::Spawn and Reactor::SpawnPty,
// watched by pidfd.
#ifndef IO_CHILD_H_
#define IO_CHILD_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/stop.h"
#include "io/stream.h"
#include "io/task.h"

namespace mosh::io {

struct ExitStatus {
  bool signaled = false;
  int value = 0;  // the exit code, or the signal's number
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

// The child gets default signal dispositions, an empty signal mask, and no descriptor but 0, 1, 2.
struct ChildSpec {
  // The file to run; searched in PATH when it has no slash. Empty: argv[0].
  std::string file;
  // argv[0] may differ from `file`: "-bash" is a login shell.
  std::vector<std::string> argv;
  // "NAME=value"; the whole environment, nothing is inherited beside it.
  std::vector<std::string> environment;
  // Empty: unchanged.
  std::string directory;
  // Called in the child just before exec, descriptors and signals set up, while it still runs in
  // the parent's memory: must change nothing there. Only async-signal-safe calls (setuid, limits,
  // tcsetattr, write); quick, because the parent waits for the exec. Returns 0 or an errno that
  // Spawn then reports.
  std::function<int()> before_exec;
};

class Child {
 public:
  // A child that was not waited for stays a zombie until its parent ends; it is not killed.
  virtual ~Child() = default;

  virtual pid_t pid() const = 0;
  // Reaps. After that further calls give the same answer. kCancelled: `stop`. One waiter at a time.
  virtual Task<absl::StatusOr<ExitStatus>> Wait(StopToken stop) = 0;
  // kNotFound if it has ended. Never hits another process that got the same pid.
  virtual absl::Status Kill(int signal) = 0;
};

enum class StdioMode : uint8_t {
  kInherit,  // the parent's own descriptor
  kNull,     // /dev/null
  kPipe,     // a Stream in Process
};

struct ProcessSpec {
  ChildSpec child;
  StdioMode stdin_mode = StdioMode::kInherit;
  StdioMode stdout_mode = StdioMode::kInherit;
  StdioMode stderr_mode = StdioMode::kInherit;
};

struct Process {
  std::unique_ptr<Child> child;
  // Present where the mode was kPipe. Closing stdin_stream is the child's end of input.
  std::unique_ptr<Stream> stdin_stream;
  std::unique_ptr<Stream> stdout_stream;
  std::unique_ptr<Stream> stderr_stream;
};

}  // namespace mosh::io

#endif  // IO_CHILD_H_
