// What a Host is told at birth.
#ifndef SERVER_HOST_OPTIONS_H_
#define SERVER_HOST_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/limits.h"
#include "server/program.h"
#include "server/timeouts.h"
#include "term/history_limits.h"

namespace mosh::server {

// Whose window decides the size of a session with several clients.
enum class SizeRule : uint8_t {
  kLatest,    // of the client that typed or resized last
  kSmallest,  // of all that may type, per dimension
};

struct HostOptions {
  Timeouts timeouts;
  Limits limits;
  // By agents (HostControl::SetLimits); the stricter of both holds. Not for `sessions`.
  Limits told_limits;
  // Of each session.
  term::HistoryLimits history;
  SizeRule size_rule = SizeRule::kLatest;
  // The host part of its keys' route tags (crypto/route_tag.h). 0: it has its port for itself, and
  // any key will do.
  uint16_t host_number = 0;
  // Unset: Run() ends with the last session. Set: it is shared, and ends after being empty so long.
  std::optional<std::chrono::seconds> linger;
  // The user that it belongs to, for Describe.
  std::string user;
  // Asked whether its user, who has so many sessions, gets one more; what it says instead is
  // NewSession's answer. Null: he does.
  std::function<absl::Status(size_t sessions)> admit;
  // What NewSession starts. Null: it takes no new sessions.
  RequestedProgramStarter start_program;

  // 1: every datagram; 2: every turn of the loop.
  int verbosity = 0;
  // Takes one line of text, without its end. Never null.
  std::function<void(absl::string_view)> log = [](absl::string_view) {};
  // For times that people see.
  std::function<absl::Time()> wall_clock = absl::Now;
  // What it said `ago`, in microseconds since 1970.
  int64_t WallMicros(std::chrono::nanoseconds ago) const {
    return absl::ToUnixMicros(wall_clock() - absl::FromChrono(ago));
  }
};

}  // namespace mosh::server

#endif  // SERVER_HOST_OPTIONS_H_
