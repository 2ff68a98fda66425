// What mosh sessions look like in utmp, and the warning about forgotten ones. Source:
// docs/spec/cli.md §3.4. Pure.
#ifndef SERVER_UTMP_TEXT_H_
#define SERVER_UTMP_TEXT_H_

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::server {

// "mosh [PID]": nobody is attached.
std::string DetachedText(pid_t server);
// "ADDRESS via mosh [PID]".
std::string AttachedText(absl::string_view client_address, pid_t server);

// The parts of a utmp entry that matter here.
struct UtmpEntry {
  std::string user;
  std::string host;
  std::string line;  // the terminal's name under /dev
};

// The warning shown at login about other detached sessions of `user`; empty when there are none.
// Entries whose terminal is gone were left behind by a crash and don't count.
std::string DetachedSessionsWarning(std::span<const UtmpEntry> entries, absl::string_view user,
                                    absl::string_view own_line,
                                    const std::function<bool(const std::string&)>& line_exists);

}  // namespace mosh::server

#endif  // SERVER_UTMP_TEXT_H_
