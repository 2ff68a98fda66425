// moshd's configuration: lines of `key = value`, comments after '#'. Every key has a default, so an
// empty file is a good one. Pure.
#ifndef SERVER_GATE_CONFIG_H_
#define SERVER_GATE_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/limits.h"
#include "term/history_limits.h"

namespace mosh::server::gate {

enum class LogLevel : uint8_t { kError, kWarning, kInfo, kDebug };

struct Config {
  // Above Linux's ephemeral ports (32768 to 60999), so that no outgoing connection sits on it, and
  // above stock's servers (60001 to 60999), so that both can run; and within the range that
  // firewalls are usually opened for on mosh's account (60000 to 61000).
  uint16_t port = 61000;
  // Numeric addresses. Empty: every address, IPv6 and IPv4.
  std::vector<std::string> bind;

  // Empty: everybody. A user that is denied, by name or group, is not allowed by the other lists.
  std::vector<std::string> allow_users;
  std::vector<std::string> allow_groups;
  std::vector<std::string> deny_users;
  std::vector<std::string> deny_groups;

  int max_hosts = 1000;
  // Applied by the Hosts.
  Limits limits = {.sessions = 1000};
  term::HistoryLimits history;
  // How long a Host stays when its last session is over.
  std::chrono::seconds linger{60};
  // Deliveries a second of datagrams from unknown addresses.
  int offer_rate = 5'000;

  // Empty: no PAM session.
  std::string pam_service;
  LogLevel log_level = LogLevel::kInfo;
};

struct ConfigProblem {
  int line;  // from 1
  std::string text;
};

struct ParsedConfig {
  Config config;
  std::vector<ConfigProblem> problems;  // in order of lines; then `config` is not to be used
};

ParsedConfig ParseConfig(absl::string_view text);

// "65536", "512K", "4M", "1G", by 1024; false: none of these, or more than 1 TiB.
bool ParseSize(absl::string_view text, uint64_t* size);

// "90", "90s", "15m", "12h", "7d"; "off" is no value. False: none of these.
bool ParseSpan(absl::string_view text, std::optional<std::chrono::seconds>* span);

// The keys that a Host is told when they change, as lines that ParseConfig understands.
std::string HostLines(const Config& config);

// What would have to be started anew: it takes effect only with a restart of moshd that finds no
// Hosts.
bool SamePort(const Config& a, const Config& b);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_CONFIG_H_
