#include "client/wrapper/child_process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"

namespace mosh::client {
namespace {

// In the child: everything up to exec. Returns only on failure, with errno set.
void BecomeProgram(const ChildOptions& options, int output) {
  if (options.null_input && dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0) return;
  if (dup2(output, STDOUT_FILENO) < 0) return;
  int errors = STDERR_FILENO;
  if (options.errors == ChildOptions::Errors::kCapture) errors = output;
  if (options.errors == ChildOptions::Errors::kDiscard) errors = open("/dev/null", O_WRONLY);
  if (errors != STDERR_FILENO && dup2(errors, STDERR_FILENO) < 0) return;
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) return;
  for (const auto& [name, value] : options.environment) {
    if (value.has_value())
      setenv(name.c_str(), value->c_str(), 1);
    else
      unsetenv(name.c_str());
  }
  std::vector<char*> argv;
  for (const std::string& word : options.arguments) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Start(const ChildOptions& options, int& error) {
  int output[2];
  int failure[2];  // carries the errno of a failed exec; closed by a successful one
  if (pipe2(output, O_CLOEXEC) != 0) {
    error = errno;
    return absl::UnavailableError("");
  }
  if (pipe2(failure, O_CLOEXEC) != 0) {
    error = errno;
    close(output[0]);
    close(output[1]);
    return absl::UnavailableError("");
  }
  const pid_t pid = fork();
  if (pid == 0) {
    BecomeProgram(options, output[1]);
    const int why = errno;
    if (write(failure[1], &why, sizeof(why)) < 0) _exit(126);
    _exit(127);
  }
  error = errno;
  close(output[1]);
  close(failure[1]);
  int why = 0;
  ssize_t count = 0;
  if (pid > 0) {
    do {
      count = read(failure[0], &why, sizeof(why));
    } while (count < 0 && errno == EINTR);
  }
  close(failure[0]);
  if (pid < 0 || count == sizeof(why)) {
    if (pid > 0) {
      waitpid(pid, nullptr, 0);
      error = why;
    }
    close(output[0]);
    return absl::UnavailableError("");
  }
  return ChildProcess(pid, output[0]);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(other.pid_), output_(std::exchange(other.output_, -1)) {}

ChildProcess::~ChildProcess() { CloseOutput(); }

bool ChildProcess::Read(std::string& output) {
  char buffer[4096];
  ssize_t count;
  do {
    count = read(output_, buffer, sizeof(buffer));
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  output.append(buffer, static_cast<size_t>(count));
  explicit_bzero(buffer, sizeof(buffer));
  return true;
}

void ChildProcess::CloseOutput() {
  if (output_ >= 0) close(std::exchange(output_, -1));
}

int ChildProcess::Wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return 255;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mosh::client
