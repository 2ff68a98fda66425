#include "server/utmp_text.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::server {

std::string DetachedText(pid_t server) { return absl::StrCat("mosh [", server, "]"); }

std::string AttachedText(absl::string_view client_address, pid_t server) {
  return absl::StrCat(client_address, " via mosh [", server, "]");
}

std::string DetachedSessionsWarning(std::span<const UtmpEntry> entries, absl::string_view user,
                                    absl::string_view own_line,
                                    const std::function<bool(const std::string&)>& line_exists) {
  std::vector<std::string> detached;
  for (const UtmpEntry& entry : entries) {
    if (entry.user != user || entry.line == own_line) continue;
    if (!absl::StartsWith(entry.host, "mosh ") || !absl::EndsWith(entry.host, "]")) continue;
    if (line_exists(entry.line)) detached.push_back(entry.host);
  }
  if (detached.empty()) return "";
  if (detached.size() == 1) {
    return absl::StrCat("\033[37;44mMosh: You have a detached Mosh session on this server (",
                        detached[0], ").\033[m\n\n");
  }
  std::string text = absl::StrCat("\033[37;44mMosh: You have ", detached.size(),
                                  " detached Mosh sessions on this server, with PIDs:\n");
  for (const std::string& host : detached) absl::StrAppend(&text, "        - ", host, "\n");
  absl::StrAppend(&text, "\033[m\n");
  return text;
}

}  // namespace mosh::server
