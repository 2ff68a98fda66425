#include "server/gate/config.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "crypto/route_tag.h"
#include "io/address.h"

namespace mosh::server::gate {
namespace {

using Span = std::optional<std::chrono::seconds>;

constexpr int kMostHosts = (1 << crypto::RouteTag::kHostBits) - 1;
// Addresses to bind to; each costs every Host a socket.
constexpr size_t kMostAddresses = 8;
// In seconds; ten years.
constexpr int kLongestSpan = 10 * 365 * 86'400;
constexpr int kMostHistoryLines = 1'000'000;
// Less than two blocks of it would be no history; of more than that a user's sessions would need
// more memory than a machine has.
constexpr uint64_t kLeastHistory = uint64_t{64} << 10;
constexpr uint64_t kMostHistory = uint64_t{1} << 30;

std::vector<std::string> Words(absl::string_view value) {
  return absl::StrSplit(value, absl::ByAnyChar(", \t"), absl::SkipEmpty());
}

// One key: how its value is read. An empty answer means that it was fine, any other what is
// allowed.
struct Key {
  absl::string_view name;
  std::function<std::string(absl::string_view value, Config* config)> read;
};

std::string ReadNumber(absl::string_view value, int low, int high, int* number) {
  int parsed;
  if (absl::SimpleAtoi(value, &parsed) && parsed >= low && parsed <= high) {
    *number = parsed;
    return "";
  }
  return absl::StrCat("a whole number from ", low, " to ", high);
}

std::string ReadLimit(absl::string_view value, Span* limit) {
  Span span;
  if (!ParseSpan(value, &span) || (span && span->count() == 0)) {
    return "a time such as 90s, 15m, 12h or 7d, or off";
  }
  *limit = span;
  return "";
}

std::string ReadPort(absl::string_view value, Config* config) {
  int port = config->port;
  std::string wanted = ReadNumber(value, 1, 65535, &port);
  config->port = static_cast<uint16_t>(port);
  return wanted;
}

std::string ReadBind(absl::string_view value, Config* config) {
  config->bind = Words(value);
  if (config->bind == std::vector<std::string>{"any"}) config->bind.clear();
  const bool numeric = std::all_of(config->bind.begin(), config->bind.end(), [](const auto& host) {
    return io::SocketAddress::Parse(host, 0).ok();
  });
  std::set<std::string> different(config->bind.begin(), config->bind.end());
  if (!value.empty() && numeric && different.size() == config->bind.size() &&
      different.size() <= kMostAddresses) {
    return "";
  }
  return absl::StrCat("any, or up to ", kMostAddresses, " different numeric IP addresses");
}

std::string ReadLinger(absl::string_view value, Config* config) {
  Span span;
  if (!ParseSpan(value, &span) || !span) return "a time such as 90s, 15m, 12h or 7d";
  config->linger = *span;
  return "";
}

std::string ReadSessions(absl::string_view value, Config* config) {
  int number = 0;
  if (value != "off") {
    const std::string wanted = ReadNumber(value, 1, kMostHosts * 100, &number);
    if (!wanted.empty()) return absl::StrCat(wanted, ", or off");
  }
  config->limits.sessions = static_cast<size_t>(number);
  return "";
}

std::string ReadHistoryLines(absl::string_view value, Config* config) {
  config->history.lines = 0;
  if (value == "off") return "";
  const std::string wanted = ReadNumber(value, 1, kMostHistoryLines, &config->history.lines);
  return wanted.empty() ? "" : absl::StrCat(wanted, ", or off");
}

std::string ReadHistoryMemory(absl::string_view value, Config* config) {
  uint64_t size;
  if (!ParseSize(value, &size) || size < kLeastHistory || size > kMostHistory) {
    return "a size from 64K to 1G, such as 512K or 4M";
  }
  config->history.bytes = size;
  return "";
}

std::string ReadPam(absl::string_view value, Config* config) {
  config->pam_service = value == "off" ? "" : std::string(value);
  // It becomes the name of a file.
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
  return plain && !value.empty() ? "" : "the name of a PAM service, such as moshd, or off";
}

std::string ReadLevel(absl::string_view value, Config* config) {
  const std::pair<absl::string_view, LogLevel> levels[] = {{"error", LogLevel::kError},
                                                           {"warning", LogLevel::kWarning},
                                                           {"info", LogLevel::kInfo},
                                                           {"debug", LogLevel::kDebug}};
  for (const auto& [name, level] : levels) {
    if (value != name) continue;
    config->log_level = level;
    return "";
  }
  return "error, warning, info or debug";
}

Key NameList(absl::string_view name, std::vector<std::string> Config::*list) {
  return {name, [list](absl::string_view value, Config* config) -> std::string {
            config->*list = Words(value);
            return "";
          }};
}

Key Number(absl::string_view name, int low, int high, int Config::*number) {
  return {name, [=](absl::string_view value, Config* config) {
            return ReadNumber(value, low, high, &(config->*number));
          }};
}

Key Limit(absl::string_view name, Span Limits::*limit) {
  return {name, [limit](absl::string_view value, Config* config) {
            return ReadLimit(value, &(config->limits.*limit));
          }};
}

std::span<const Key> Keys() {
  static const std::vector<Key>& keys = *new std::vector<Key>{
      {"port", ReadPort},
      {"bind", ReadBind},
      NameList("allow_users", &Config::allow_users),
      NameList("allow_groups", &Config::allow_groups),
      NameList("deny_users", &Config::deny_users),
      NameList("deny_groups", &Config::deny_groups),
      Number("max_hosts", 1, kMostHosts, &Config::max_hosts),
      {"max_sessions", ReadSessions},
      Limit("idle_limit", &Limits::idle),
      Limit("lifetime_limit", &Limits::lifetime),
      Limit("detached_limit", &Limits::detached),
      {"history_lines", ReadHistoryLines},
      {"history_memory", ReadHistoryMemory},
      {"linger", ReadLinger},
      Number("offer_rate", 1, 1'000'000, &Config::offer_rate),
      {"pam_service", ReadPam},
      {"log_level", ReadLevel},
  };
  return keys;
}

std::string KnownKeys() {
  std::string names;
  for (const Key& key : Keys()) absl::StrAppend(&names, names.empty() ? "" : ", ", key.name);
  return names;
}

// What is wrong with this line, or nothing.
std::string ReadLine(absl::string_view line, std::set<std::string>* seen, Config* config) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(line, absl::MaxSplits('=', 1));
  const absl::string_view name = absl::StripAsciiWhitespace(parts.first);
  const absl::string_view value = absl::StripAsciiWhitespace(parts.second);
  if (parts.first.size() == line.size()) {
    return absl::StrCat("\"", name, "\" is no setting: a line is `key = value`");
  }
  const auto keys = Keys();
  const auto key =
      std::find_if(keys.begin(), keys.end(), [name](const Key& k) { return k.name == name; });
  if (key == keys.end()) {
    return absl::StrCat("unknown key \"", name, "\"; the keys are ", KnownKeys());
  }
  if (!seen->insert(std::string(name)).second) return absl::StrCat(name, " is set twice");
  const std::string wanted = key->read(value, config);
  if (wanted.empty()) return "";
  return absl::StrCat(name, " = ", value, ": must be ", wanted);
}

std::string Text(const Span& span) { return span ? absl::StrCat(span->count(), "s") : "off"; }

}  // namespace

bool ParseSize(absl::string_view text, uint64_t* size) {
  int shift = 0;
  if (!text.empty() && absl::ascii_isalpha(text.back())) {
    const size_t at = absl::string_view("KMG").find(text.back());
    if (at == absl::string_view::npos) return false;
    shift = 10 * (static_cast<int>(at) + 1);
    text.remove_suffix(1);
  }
  const bool digits = std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  uint64_t number;
  if (!digits || !absl::SimpleAtoi(text, &number) || number > (uint64_t{1} << 40) >> shift) {
    return false;
  }
  *size = number << shift;
  return true;
}

bool ParseSpan(absl::string_view text, Span* span) {
  if (text == "off") {
    *span = std::nullopt;
    return true;
  }
  int unit = 1;
  if (!text.empty() && absl::ascii_isalpha(text.back())) {
    const absl::string_view letters = "smhd";
    const int units[] = {1, 60, 3600, 86'400};
    const size_t at = letters.find(text.back());
    if (at == absl::string_view::npos) return false;
    unit = units[at];
    text.remove_suffix(1);
  }
  int number;
  const bool digits = std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(text, &number) || number > kLongestSpan / unit) return false;
  *span = std::chrono::seconds(int64_t{number} * unit);
  return true;
}

ParsedConfig ParseConfig(absl::string_view text) {
  ParsedConfig parsed;
  std::set<std::string> seen;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    std::string problem = ReadLine(line, &seen, &parsed.config);
    if (!problem.empty()) parsed.problems.push_back({number, std::move(problem)});
  }
  return parsed;
}

std::string HostLines(const Config& config) {
  const Limits& limits = config.limits;
  const std::string sessions = limits.sessions == 0 ? "off" : absl::StrCat(limits.sessions);
  const term::HistoryLimits& history = config.history;
  const std::string lines = history.lines == 0 ? "off" : absl::StrCat(history.lines);
  return absl::StrCat("max_sessions = ", sessions, "\nidle_limit = ", Text(limits.idle),
                      "\nlifetime_limit = ", Text(limits.lifetime),
                      "\ndetached_limit = ", Text(limits.detached), "\nhistory_lines = ", lines,
                      "\nhistory_memory = ", history.bytes, "\nlinger = ", config.linger.count(),
                      "s\n");
}

bool SamePort(const Config& a, const Config& b) { return a.port == b.port && a.bind == b.bind; }

}  // namespace mosh::server::gate
