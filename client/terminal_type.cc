#include "client/terminal_type.h"

// Before terminfo's headers, whose macros have everyday names.
#include <curses.h>

#include <algorithm>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
// After curses.h, which it needs.
#include <term.h>

namespace mosh::client {
namespace {

constexpr const char* kTitleTerminals[] = {"xterm",     "rxvt",   "kterm", "Eterm",
                                           "alacritty", "screen", "tmux"};

constexpr const char* kSynchronizedTerminals[] = {"alacritty", "contour",       "foot",
                                                  "wezterm",   "xterm-ghostty", "xterm-kitty"};

// The names are constants; the C interface merely forgot to say so.
char* Name(const char* capability) { return const_cast<char*>(capability); }

// Without padding ("$<5>"), which today's terminals don't need.
std::string StringCapability(const char* capability) {
  const char* value = tigetstr(Name(capability));
  if (value == nullptr || value == reinterpret_cast<const char*>(-1)) return "";
  std::string text;
  for (const char* c = value; *c != '\0'; ++c) {
    if (c[0] == '$' && c[1] == '<') {
      const char* end = c;
      while (*end != '\0' && *end != '>') ++end;
      if (*end == '>') {
        c = end;
        continue;
      }
    }
    text += *c;
  }
  return text;
}

}  // namespace

absl::StatusOr<TerminalType> LookUpTerminalType(absl::string_view term) {
  int error = 0;
  const std::string name(term);
  if (name.empty() || setupterm(name.c_str(), 1, &error) != OK) {
    if (!name.empty() && error == 1) {
      return absl::InvalidArgumentError(
          "Terminal is hardcopy and cannot be used by curses applications.");
    }
    if (!name.empty() && error == -1) {
      return absl::NotFoundError("Terminfo database could not be found.");
    }
    if (error != 0 && !name.empty()) return absl::UnknownError("Unknown terminfo error.");
    return absl::NotFoundError("Unknown terminal type.");
  }
  TerminalType type;
  type.ech = !StringCapability("ech").empty();
  type.bce = tigetflag(Name("bce")) > 0;
  type.enter = StringCapability("smcup");
  type.leave = StringCapability("rmcup");
  type.colors = tigetnum(Name("colors"));
  if (type.colors < 0) type.colors = -1;
  for (const char* prefix : kTitleTerminals) {
    type.title = type.title || absl::StartsWith(term, prefix);
  }
  type.synchronized_output = !StringCapability("Sync").empty() || SynchronizesOutput(term);
  del_curterm(set_curterm(nullptr));
  return type;
}

bool SynchronizesOutput(absl::string_view term) {
  return std::any_of(std::begin(kSynchronizedTerminals), std::end(kSynchronizedTerminals),
                     [&](const char* name) { return absl::StartsWith(term, name); });
}

std::string TerminfoComplaint(absl::string_view term) {
  if (term.empty()) return "TERM environment variable not set.";
  return absl::StrCat("'", term, "': unknown terminal type.");
}

std::string StartString(const TerminalType& type, bool use_init) {
  return absl::StrCat(use_init ? type.enter : "", "\x1b[?1h");
}

std::string EndString(const TerminalType& type, bool use_init) {
  return absl::StrCat(
      "\x1b[?1l\x1b[0m\x1b[?25h"
      "\x1b[?1003l\x1b[?1002l\x1b[?1001l\x1b[?1000l\x1b[?1015l\x1b[?1006l\x1b[?1005l"
      "\x1b[?9l\x1b[?1004l\x1b[?2004l\x1b[?5l",
      // DECSCUSR, only where it is known not to show up as text.
      type.title ? "\x1b[0 q" : "",
      // Without another screen to go back to, the session's last one stays: what follows goes below
      // it.
      use_init && !type.leave.empty() ? type.leave : "\x1b[999;1H\r\n");
}

}  // namespace mosh::client
