#include "client/wrapper/ssh_config.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace mosh::client {

SshRoute ParseSshConfig(absl::string_view output) {
  SshRoute route;
  for (const absl::string_view line : absl::StrSplit(output, '\n')) {
    const std::pair<absl::string_view, absl::string_view> split =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    const absl::string_view value = absl::StripAsciiWhitespace(split.second);
    if (value.empty() || absl::EqualsIgnoreCase(value, "none")) continue;
    if (split.first == "hostname") route.host_name = std::string(value);
    if (split.first == "proxyjump") route.proxy_jump = std::string(value);
    if (split.first == "proxycommand") route.proxy_command = std::string(value);
  }
  return route;
}

}  // namespace mosh::client
