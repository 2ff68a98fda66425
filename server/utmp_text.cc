#include "server/utmp_text.h"

#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::server {

namespace {

constexpr char kColors[] = "\033[37;44m";
constexpr char kPlain[] = "\033[m";

std::string Line(const DetachedSession& session) {
  return absl::StrCat(session.id, ": ", session.subject, ", for ", session.since);
}

std::string WarningOfOurs(const std::vector<DetachedSession>& ours, absl::string_view way_here) {
  if (ours.empty()) return "";
  if (ours.size() == 1) {
    return absl::StrCat(kColors, "Mosh: You have a detached Mosh session on this server (",
                        Line(ours[0]), ").\nTo pick it up: mosh --attach=", ours[0].id, " ",
                        way_here, kPlain, "\n\n");
  }
  std::string text = absl::StrCat(kColors, "Mosh: You have ", ours.size(),
                                  " detached Mosh sessions on this server:\n");
  for (const DetachedSession& session : ours) {
    absl::StrAppend(&text, "        - ", Line(session), "\n");
  }
  absl::StrAppend(&text, "To pick one up: mosh --attach=ID ", way_here, kPlain, "\n\n");
  return text;
}

std::string WarningOfStocks(const std::vector<std::string>& stocks) {
  if (stocks.empty()) return "";
  if (stocks.size() == 1) {
    return absl::StrCat(kColors, "Mosh: You have a detached Mosh session on this server (",
                        stocks[0], ").", kPlain, "\n\n");
  }
  std::string text = absl::StrCat(kColors, "Mosh: You have ", stocks.size(),
                                  " detached Mosh sessions on this server, with PIDs:\n");
  for (const std::string& host : stocks) absl::StrAppend(&text, "        - ", host, "\n");
  absl::StrAppend(&text, kPlain, "\n");
  return text;
}

}  // namespace

std::string DetachedText(pid_t server) { return absl::StrCat("mosh [", server, "]"); }

std::string AttachedText(absl::string_view client_address, pid_t server) {
  return absl::StrCat(client_address, " via mosh [", server, "]");
}

std::string DetachedSessionsWarning(const LoginWarning& warning,
                                    const std::function<bool(const std::string&)>& line_exists) {
  std::set<std::string> of_ours;
  for (const pid_t server : warning.our_servers) of_ours.insert(DetachedText(server));
  std::vector<std::string> stocks;
  for (const UtmpEntry& entry : warning.entries) {
    if (entry.user != warning.user || entry.line == warning.own_line) continue;
    if (!absl::StartsWith(entry.host, "mosh ") || !absl::EndsWith(entry.host, "]")) continue;
    if (of_ours.count(entry.host) == 0 && line_exists(entry.line)) stocks.push_back(entry.host);
  }
  return absl::StrCat(WarningOfOurs(warning.ours, warning.way_here), WarningOfStocks(stocks));
}

}  // namespace mosh::server
