// What mosh sessions look like in utmp, and the warning about forgotten ones. Source:
// docs/spec/cli.md §3.4. Pure.
#ifndef SERVER_UTMP_TEXT_H_
#define SERVER_UTMP_TEXT_H_

#include <sys/types.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

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

// One of ours, as its server tells of it.
struct DetachedSession {
  std::string id;
  std::string subject;  // what runs in it; harmless for a terminal
  std::string since;    // how long it has been without a client: "5 min"
};

// The warning shown at login about `user`'s sessions that nobody is attached to; empty when there
// are none. Ours come with the command that picks them up, given the way here, "user@host". In utmp
// are those of stock's servers; an entry of one of `our_servers` is known better, and one whose
// terminal is gone was left behind by a crash. Neither counts.
struct LoginWarning {
  std::vector<DetachedSession> ours;
  std::set<pid_t> our_servers;
  std::string way_here;
  std::vector<UtmpEntry> entries;
  std::string user;
  std::string own_line;  // the terminal's name under /dev
};
std::string DetachedSessionsWarning(const LoginWarning& warning,
                                    const std::function<bool(const std::string&)>& line_exists);

}  // namespace mosh::server

#endif  // SERVER_UTMP_TEXT_H_
