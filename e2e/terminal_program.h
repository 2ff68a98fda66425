// A program in a terminal: a real pty whose other end is a VtermScreen, as a person would sit
// before it.
//
//   TerminalProgram shell({.argv = {"/bin/sh"}, .environment = env});
//   shell.Type("echo hello\r");
//   EXPECT_TRUE(shell.WaitForText("hello")) << shell.Describe();
//
// Everything happens inside the Wait calls: typing is written as the pty takes it, output is drawn,
// queries are answered. They return as soon as their condition holds, or false at the deadline. One
// thread.
#ifndef E2E_TERMINAL_PROGRAM_H_
#define E2E_TERMINAL_PROGRAM_H_

#include <termios.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "e2e/deadline.h"
#include "e2e/process.h"
#include "e2e/vterm_screen.h"

namespace mosh::e2e {

class TerminalProgram {
 public:
  struct Options {
    std::vector<std::string> argv;
    Environment environment;
    TerminalSize size;
    std::string directory;
  };
  explicit TerminalProgram(const Options& options);
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void Type(absl::string_view bytes) { typed_.append(bytes.data(), bytes.size()); }
  void Resize(TerminalSize size);
  // Tells the program a size that the terminal doesn't have, even 0x0.
  void ResizeLineOnly(TerminalSize size);
  // Closes the terminal, as when its window goes away: the program gets SIGHUP, reads end, writes
  // fail.
  void HangUp();

  using Predicate = std::function<bool(const VtermScreen&)>;
  bool WaitFor(const Predicate& predicate, Deadline deadline = Patience());
  bool WaitForText(absl::string_view text, Deadline deadline = Patience());
  bool WaitForNoText(absl::string_view text, Deadline deadline = Patience());
  // Until nothing has been drawn for `quiet`: for references only, where no marker says "done".
  bool WaitQuiet(std::chrono::milliseconds quiet, Deadline deadline = Patience());
  // Until the program has ended and its output is drawn.
  bool WaitExit(Deadline deadline = Patience());
  // Draws and writes what is possible now, waiting no longer than until `deadline` for something to
  // happen.
  void Pump(Deadline deadline);

  // For callers that wait for several programs at once: when it is readable, Pump.
  int fd() const { return master_; }

  const VtermScreen& screen() const { return screen_; }
  ScreenImage Image() const { return screen_.Image(); }
  Process& process() { return process_; }
  // The terminal line's settings now, and before the program started.
  termios modes() const;
  const termios& initial_modes() const { return initial_modes_; }
  // All that the program has written.
  const std::string& output() const { return output_; }

  // The screen and the program's state, for a failed test's message.
  std::string Describe();

 private:
  int master_ = -1;
  int slave_ = -1;  // kept open, so that its modes can be read after the program's end
  termios initial_modes_;
  VtermScreen screen_;
  std::string typed_;
  std::string output_;
  Process process_;
};

// Do both say the same of everything but the line speed? The reason in words if not, else "".
std::string ModesDifference(const termios& expected, const termios& actual);

}  // namespace mosh::e2e

#endif  // E2E_TERMINAL_PROGRAM_H_
