#include "mgmt/agent/names.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "mgmt/model/convert.h"

namespace mosh::mgmt {

bool IsNodeId(absl::string_view id) {
  return !id.empty() && id.size() <= 63 && absl::ascii_isalnum(id[0]) &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
         });
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
