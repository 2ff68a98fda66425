// Resource names (AIP-122). Pure.
#ifndef MGMT_AGENT_NAMES_H_
#define MGMT_AGENT_NAMES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::mgmt {

struct SessionName {
  std::string node;  // may be "-"
  std::string session;
};

// "nodes/{node}/sessions/{session}"
std::optional<SessionName> ParseSessionName(absl::string_view name);
// "nodes/{node}": the node.
std::optional<std::string> ParseNodeName(absl::string_view name);
// 1 to 63 letters, digits, dots, hyphens and underscores, beginning with a letter or digit.
bool IsNodeId(absl::string_view id);

// A label's key can stand in a filter: 1 to 63 letters, digits, hyphens and underscores, beginning
// with a letter. Its value: at most 63 bytes of UTF-8 without control characters.
bool IsLabelKey(absl::string_view key);
bool IsLabelValue(absl::string_view value);
// "HOST:PORT", "[ADDRESS]:PORT": by its form.
bool IsHostPort(absl::string_view text);
// "/mosh-fleet/"
bool IsEtcdPrefix(absl::string_view text);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_NAMES_H_
