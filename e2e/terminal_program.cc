#include "e2e/terminal_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace mosh::e2e {
namespace {

winsize ToWinsize(TerminalSize size) {
  winsize w{};
  w.ws_col = static_cast<unsigned short>(size.columns);
  w.ws_row = static_cast<unsigned short>(size.rows);
  return w;
}

}  // namespace

TerminalProgram::TerminalProgram(const Options& options) : screen_(options.size) {
  const winsize size = ToWinsize(options.size);
  // Close-on-exec from the first moment: another thread may be starting a program.
  master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  CHECK(master_ >= 0);
  CHECK(unlockpt(master_) == 0);
  slave_ = ioctl(master_, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK(slave_ >= 0);
  CHECK(ioctl(master_, TIOCSWINSZ, &size) == 0);
  CHECK(tcgetattr(slave_, &initial_modes_) == 0);
  // What terminal emulators set for a UTF-8 user.
  initial_modes_.c_iflag |= IUTF8;
  CHECK(tcsetattr(slave_, TCSANOW, &initial_modes_) == 0);
  process_ = Process::Spawn({.argv = options.argv,
                             .environment = options.environment,
                             .directory = options.directory,
                             .terminal = slave_});
}

TerminalProgram::~TerminalProgram() {
  process_ = Process();
  if (master_ >= 0) close(master_);
  if (slave_ >= 0) close(slave_);
}

void TerminalProgram::Resize(TerminalSize size) {
  // The screen first: what the program draws in answer must meet the new size.
  screen_.Resize(size);
  ResizeLineOnly(size);
}

void TerminalProgram::ResizeLineOnly(TerminalSize size) {
  const winsize w = ToWinsize(size);
  ioctl(master_, TIOCSWINSZ, &w);
}

void TerminalProgram::HangUp() {
  close(slave_);
  close(master_);
  slave_ = master_ = -1;
}

void TerminalProgram::Pump(Deadline deadline) {
  if (master_ < 0) {
    process_.WaitExit(deadline);
    return;
  }
  pollfd fds[] = {{master_, static_cast<short>(typed_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
                  {process_.pidfd(), POLLIN, 0}};
  if (poll(fds, process_.Exited() ? 1 : 2, deadline.MillisLeft()) <= 0) return;
  if (fds[0].revents & POLLIN) {
    char bytes[65536];
    const ssize_t n = read(master_, bytes, sizeof bytes);
    if (n > 0) {
      const absl::string_view view(bytes, static_cast<size_t>(n));
      output_.append(view.data(), view.size());
      screen_.Feed(view);
      typed_ += screen_.TakeReplies();
    }
  }
  if (fds[0].revents & POLLOUT) {
    // Small pieces, as a terminal emulator pastes: the line discipline drops what exceeds its
    // buffer.
    const ssize_t n = write(master_, typed_.data(), std::min<size_t>(typed_.size(), 1024));
    if (n > 0) typed_.erase(0, static_cast<size_t>(n));
  }
}

bool TerminalProgram::WaitFor(const Predicate& predicate, Deadline deadline) {
  while (!predicate(screen_) || !typed_.empty()) {
    if (deadline.passed()) return false;
    if (process_.Exited()) {
      // Nothing more will come than is in the pty already.
      const size_t before = output_.size();
      typed_.clear();
      Pump(Deadline::In(std::chrono::seconds(0)));
      if (output_.size() == before) return predicate(screen_);
      continue;
    }
    Pump(deadline);
  }
  return true;
}

bool TerminalProgram::WaitForText(absl::string_view text, Deadline deadline) {
  return WaitFor([text](const VtermScreen& screen) { return screen.Contains(text); }, deadline);
}

bool TerminalProgram::WaitForNoText(absl::string_view text, Deadline deadline) {
  return WaitFor([text](const VtermScreen& screen) { return !screen.Contains(text); }, deadline);
}

bool TerminalProgram::WaitQuiet(std::chrono::milliseconds quiet, Deadline deadline) {
  while (!deadline.passed()) {
    const size_t before = output_.size();
    const Deadline end = Deadline::In(quiet);
    while (!end.passed() && output_.size() == before) Pump(end);
    if (output_.size() == before && typed_.empty()) return true;
  }
  return false;
}

bool TerminalProgram::WaitExit(Deadline deadline) {
  while (!process_.Exited() && !deadline.passed()) Pump(deadline);
  if (!process_.Exited()) return false;
  if (master_ >= 0) {
    typed_.clear();
    WaitFor([](const VtermScreen&) { return false; }, deadline);
  }
  return true;
}

termios TerminalProgram::modes() const {
  termios modes{};
  CHECK(tcgetattr(slave_, &modes) == 0);
  return modes;
}

std::string TerminalProgram::Describe() {
  const ScreenImage image = Image();
  std::string out = absl::StrCat("terminal ", image.size.columns, "x", image.size.rows, ", cursor ",
                                 image.cursor_row, ",", image.cursor_column, ", program ");
  if (process_.Exited()) {
    absl::StrAppend(&out, "ended with ", process_.ExitCode());
  } else {
    absl::StrAppend(&out, "running as ", process_.pid());
  }
  std::string text = image.Text();
  while (absl::EndsWith(text, "\n\n")) text.pop_back();
  absl::StrAppend(&out, ", ", typed_.size(), " octets not taken yet, screen:\n", text,
                  "(end of screen)\n");
  return out;
}

std::string ModesDifference(const termios& expected, const termios& actual) {
  std::string out;
  const auto compare = [&out](absl::string_view what, unsigned long want, unsigned long have) {
    if (want != have) {
      absl::StrAppend(&out, what, " was ", absl::Hex(want), ", is ", absl::Hex(have), "; ");
    }
  };
  compare("c_iflag", expected.c_iflag, actual.c_iflag);
  compare("c_oflag", expected.c_oflag, actual.c_oflag);
  compare("c_cflag", expected.c_cflag, actual.c_cflag);
  compare("c_lflag", expected.c_lflag, actual.c_lflag);
  for (int i = 0; i < NCCS; ++i)
    compare(absl::StrCat("c_cc[", i, "]"), expected.c_cc[i], actual.c_cc[i]);
  return out;
}

}  // namespace mosh::e2e
