#include "server/timeouts.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosh::server {
namespace {

// Longer is for ever, for all that anybody can tell, and keeps the arithmetic on deadlines far from
// its ends.
constexpr int64_t kLongestSeconds = int64_t{100} * 365 * 24 * 3600;

// Seconds; 0 for unset, zero and bad values.
std::chrono::seconds ReadSeconds(const Environment& environment, absl::string_view name,
                                 std::string* warnings) {
  const std::optional<std::string> text = environment.Get(name);
  if (!text || text->empty()) return std::chrono::seconds(0);
  int64_t value;
  if (!absl::SimpleAtoi(*text, &value)) {
    absl::StrAppend(warnings, name, " not a valid integer, ignoring\n");
    return std::chrono::seconds(0);
  }
  if (value < 0) {
    absl::StrAppend(warnings, name, " is negative, ignoring\n");
    return std::chrono::seconds(0);
  }
  return std::chrono::seconds(std::min(value, kLongestSeconds));
}

}  // namespace

Timeouts TimeoutsFromEnvironment(const Environment& environment, std::string* warnings) {
  Timeouts timeouts;
  const std::chrono::seconds network =
      ReadSeconds(environment, "MOSH_SERVER_NETWORK_TMOUT", warnings);
  if (network.count() > 0) timeouts.network = network;
  timeouts.signal = ReadSeconds(environment, "MOSH_SERVER_SIGNAL_TMOUT", warnings);
  return timeouts;
}

}  // namespace mosh::server
