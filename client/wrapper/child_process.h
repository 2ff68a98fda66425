// Child processes of the wrapper: started with a pipe from their output, waited for. The wrapper
// does one thing at a time, so these calls block; the client proper has the reactor instead.
#ifndef CLIENT_WRAPPER_CHILD_PROCESS_H_
#define CLIENT_WRAPPER_CHILD_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::client {

struct ChildOptions {
  std::vector<std::string> arguments;  // argv; the first is looked up in PATH unless it has a slash
  // Set (value) or removed (nullopt) in the child's environment.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  std::string directory;  // changed to first; "" = stay
  enum class Errors {
    kCapture,
    kInherit,
    kDiscard
  } errors = Errors::kCapture;  // where its stderr goes
  bool null_input = false;  // standard input is /dev/null, not ours
};

class ChildProcess {
 public:
  // Fails if the program cannot be executed; the status message is empty, `error` holds the errno.
  static absl::StatusOr<ChildProcess> Start(const ChildOptions& options, int& error);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // closes the pipe; does not wait

  pid_t pid() const { return pid_; }
  // Blocks for more output; appends it. False at its end.
  bool Read(std::string& output);
  void CloseOutput();
  // Exit status, or 128 + signal number.
  int Wait();

 private:
  ChildProcess(pid_t pid, int output) : pid_(pid), output_(output) {}
  pid_t pid_;
  int output_;
};

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_CHILD_PROCESS_H_
