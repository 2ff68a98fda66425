#include "server/detach.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/version.h"

namespace mosh::server {
namespace {

[[noreturn]] void SayGoodbye(pid_t copy) {
  const std::string text =
      absl::StrCat("\n", kVersionBanner, "\n[mosh-server detached, pid = ", copy, "]\n");
  // A terminal that is gone already can't be told; the copy goes on all the same.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  for (int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(descriptor)) tcdrain(descriptor);
  }
  _exit(0);
}

}  // namespace

absl::Status Detach(bool keep_stdio, const std::function<void()>& in_parent) {
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  sigset_t until_watched;
  sigemptyset(&until_watched);
  for (int number : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&until_watched, number);
  sigprocmask(SIG_BLOCK, &until_watched, nullptr);
  const pid_t copy = fork();
  if (copy < 0) return absl::ErrnoToStatus(errno, "fork");
  if (copy > 0) {
    in_parent();
    SayGoodbye(copy);
  }
  setsid();
  if (keep_stdio) return absl::OkStatus();
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return absl::ErrnoToStatus(errno, "/dev/null");
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, descriptor);
  if (null > STDERR_FILENO) close(null);
  return absl::OkStatus();
}

}  // namespace mosh::server
