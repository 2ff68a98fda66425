#include "server/port_range.h"

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosh::server {
namespace {

constexpr int64_t kHighestPort = 65535;

// Decimal digits with an optional sign, nothing around them.
std::optional<int64_t> ParseNumber(absl::string_view text) {
  const absl::string_view digits = !text.empty() && text[0] == '-' ? text.substr(1) : text;
  if (digits.empty()) return std::nullopt;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  int64_t value;
  if (!absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

}  // namespace

absl::StatusOr<PortRange> ParsePortRange(absl::string_view text) {
  const size_t colon = text.find(':');
  const absl::string_view low_text = text.substr(0, colon);
  const std::optional<int64_t> low = ParseNumber(low_text);
  if (!low) {
    return absl::InvalidArgumentError(absl::StrCat("Invalid (low) port number (", low_text, ")"));
  }
  if (*low < 0 || *low > kHighestPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("(Low) port number ", *low, " outside valid range [0..65535]"));
  }
  const uint16_t low_port = static_cast<uint16_t>(*low);
  if (colon == absl::string_view::npos) return PortRange{low_port, low_port};

  const absl::string_view high_text = text.substr(colon + 1);
  const std::optional<int64_t> high = ParseNumber(high_text);
  if (!high) {
    return absl::InvalidArgumentError(absl::StrCat("Invalid high port number (", high_text, ")"));
  }
  if (*high < 0 || *high > kHighestPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("High port number ", *high, " outside valid range [0..65535]"));
  }
  if (*low > *high) {
    return absl::InvalidArgumentError(
        absl::StrCat("Low port ", *low, " greater than high port ", *high));
  }
  if (*low == 0) {
    return absl::InvalidArgumentError("Low port 0 incompatible with port ranges");
  }
  return PortRange{low_port, static_cast<uint16_t>(*high)};
}

}  // namespace mosh::server
