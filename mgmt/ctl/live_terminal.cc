#include "mgmt/ctl/live_terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mosh::mgmt::ctl {
namespace {

constexpr char kEnter[] = "\033[?1049h\033[?25l";
// Colours and the cursor's shape too: a screen that was followed may have set them.
constexpr char kLeave[] = "\033[m\033[?5l\033[0 q\033[?25h\033[?1049l";

}  // namespace

LiveSignals::LiveSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  fd_ = io::OwnedFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

LiveSignals::~LiveSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

std::optional<int> LiveSignals::Take() {
  signalfd_siginfo info;
  if (read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

absl::StatusOr<std::unique_ptr<LiveTerminal>> LiveTerminal::Open(int in, int out) {
  termios before;
  if (tcgetattr(in, &before) != 0 || isatty(out) == 0) {
    return absl::FailedPreconditionError(
        "this needs a terminal\n  `moshctl ls` and `moshctl watch` write to files and pipes too.");
  }
  termios raw = before;
  cfmakeraw(&raw);
  tcsetattr(in, TCSADRAIN, &raw);
  std::unique_ptr<LiveTerminal> terminal(new LiveTerminal(in, out, before));
  terminal->Write(kEnter);
  return terminal;
}

LiveTerminal::~LiveTerminal() {
  Write(kLeave);
  tcsetattr(in_, TCSADRAIN, &before_);
}

term::Size LiveTerminal::size() const {
  winsize size = {};
  if (ioctl(out_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return term::ClampSize({size.ws_col, size.ws_row});
}

std::string LiveTerminal::Read() {
  char bytes[1024];
  ssize_t count;
  do count = read(in_, bytes, sizeof bytes);
  while (count < 0 && errno == EINTR);
  return std::string(bytes, std::max<ssize_t>(count, 0));
}

bool LiveTerminal::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(out_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(written);
  }
  return true;
}

LiveTerminal::Ready LiveTerminal::Wait(const LiveSignals& signals, int other,
                                       absl::Duration limit) const {
  pollfd fds[] = {{in_, POLLIN, 0}, {signals.fd(), POLLIN, 0}, {other, POLLIN, 0}};
  const timespec timeout = absl::ToTimespec(std::max(limit, absl::ZeroDuration()));
  if (ppoll(fds, 3, limit == absl::InfiniteDuration() ? nullptr : &timeout, nullptr) <= 0)
    return {};
  return {fds[0].revents != 0, fds[1].revents != 0, fds[2].revents != 0};
}

}  // namespace mosh::mgmt::ctl
