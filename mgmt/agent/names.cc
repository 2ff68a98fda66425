#include "mgmt/agent/names.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mgmt/model/convert.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {

bool IsNodeId(absl::string_view id) {
  return !id.empty() && id.size() <= 63 && absl::ascii_isalnum(id[0]) &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
         });
}

bool IsLabelKey(absl::string_view key) {
  return !key.empty() && key.size() <= 63 && absl::ascii_isalpha(key[0]) &&
         std::all_of(key.begin(), key.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

bool IsLabelValue(absl::string_view value) {
  return value.size() <= 63 && ValidUtf8(value) == value &&
         std::none_of(value.begin(), value.end(),
                      [](unsigned char c) { return absl::ascii_iscntrl(c); });
}

bool IsHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || text.size() > 300) return false;
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);
  uint32_t number;
  if (!absl::SimpleAtoi(port, &number) || number == 0 || number > 65535) return false;
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  return !host.empty() && std::all_of(host.begin(), host.end(), [bracketed](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' ||
           (bracketed && (c == ':' || c == '%'));
  });
}

bool IsEtcdPrefix(absl::string_view text) {
  return text.size() >= 2 && text.size() <= 200 && text.front() == '/' && text.back() == '/' &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

std::optional<SessionName> ParseSessionName(absl::string_view name) {
  if (name.size() > 256) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 4 || parts[0] != "nodes" || parts[2] != "sessions" ||
      !(parts[1] == "-" || IsNodeId(parts[1])) || !IsSessionId(parts[3])) {
    return std::nullopt;
  }
  return SessionName{std::string(parts[1]), std::string(parts[3])};
}

std::optional<std::string> ParseNodeName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 2 || parts[0] != "nodes" || !(parts[1] == "-" || IsNodeId(parts[1]))) {
    return std::nullopt;
  }
  return std::string(parts[1]);
}

}  // namespace mosh::mgmt
