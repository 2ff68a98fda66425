// What the terminal database says about the user's terminal, and the strings written to it at start
// and end (docs/spec/cli.md §4.1, §4.2; docs/spec/terminal.md §15).
#ifndef CLIENT_TERMINAL_TYPE_H_
#define CLIENT_TERMINAL_TYPE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::client {

struct TerminalType {
  bool ech = false;    // has "erase characters"
  bool bce = false;    // erases with the background colour
  bool title = false;  // understands titles (by its name)
  // Understands synchronized output (DEC private mode 2026), by terminfo's `Sync` or its name.
  bool synchronized_output = false;
  std::string enter;  // smcup
  std::string leave;  // rmcup
  int colors = -1;    // -1: none known
};

// Reads terminfo. The error texts are stock's, e.g. "Unknown terminal type.". Not to be called
// twice at a time.
absl::StatusOr<TerminalType> LookUpTerminalType(absl::string_view term);

// Terminals of this name have synchronized output, though terminfo rarely says so. Asking the
// terminal itself would mean waiting for an answer among what the user types.
bool SynchronizesOutput(absl::string_view term);

// As terminfo itself words it, for `mosh-client -c`: "'x': unknown terminal type."
std::string TerminfoComplaint(absl::string_view term);

// Written when the session begins and after a suspension. Without `use_init` the alternate screen
// is left alone.
std::string StartString(const TerminalType& type, bool use_init);
// Written when it ends or is suspended: all modes off that a session may have turned on, then back
// to the normal screen. Also resets what stock leaves behind: bracketed paste, focus events, X10
// mouse, reverse video and cursor shape.
std::string EndString(const TerminalType& type, bool use_init);

}  // namespace mosh::client

#endif  // CLIENT_TERMINAL_TYPE_H_
