// TerminalModes: how the terminal of the programs in a session treats what is typed, as the
// server's kernel knows it. Source: termios(3) (ECHO, ICANON), tcgetpgrp(3). A value.
#ifndef TERM_TERMINAL_MODES_H_
#define TERM_TERMINAL_MODES_H_

#include <cstdint>

namespace mosh::term {

struct TerminalModes {
  bool echo = false;  // the kernel echoes what is typed
  bool canonical =
      false;  // programs read whole lines; otherwise each key, as editors and shells do
  // Which program has the terminal: its process group. Only good for telling one from another.
  uint64_t foreground = 0;

  // Lines are asked for without echo: a password.
  bool secret() const { return canonical && !echo; }
  friend bool operator==(const TerminalModes&, const TerminalModes&) = default;
};

}  // namespace mosh::term

#endif  // TERM_TERMINAL_MODES_H_
