#include "server/bind_address.h"

#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace mosh::server {

SshAddress ServerAddressFromSsh(const Environment& environment) {
  const std::optional<std::string> connection = environment.Get("SSH_CONNECTION");
  if (!connection) {
    return {"", "Warning: SSH_CONNECTION not found; binding to any interface.\n"};
  }
  const std::vector<std::string> words =
      absl::StrSplit(*connection, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  if (words.size() < 3) {
    return {"", "Warning: Could not parse SSH_CONNECTION; binding to any interface.\n"};
  }
  constexpr absl::string_view kMapped = "::ffff:";
  if (absl::StartsWithIgnoreCase(words[2], kMapped)) {
    return {words[2].substr(kMapped.size()), ""};
  }
  return {words[2], ""};
}

}  // namespace mosh::server
