// Who calls: a user of this machine, as the kernel says, or the holder of a certificate.
#ifndef MGMT_AGENT_CALLER_H_
#define MGMT_AGENT_CALLER_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::mgmt {

struct Caller {
  // For people and the audit log: "local:alice(1000)", "cert:CN=ops-1".
  std::string name;
  // Everything that a grant may call him: "local:alice", "local:1000", "group:ops", "local:*";
  // "cert:CN=ops-1", "cert:DNS=…", "cert:URI=…", "cert:EMAIL=…", "cert:*".
  std::vector<std::string> principals;
  // Set: came through the Unix socket, as this user.
  std::optional<uid_t> uid;
  // How users that he watches see him: "alice", "ops-1".
  std::string short_name;
};

// With his groups, from the user database, which may be slow. A user that it doesn't know has his
// number for a name.
Caller LocalCaller(uid_t uid);

// For a principal in the policy file: whether it could be one.
bool IsPrincipal(absl::string_view text);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_CALLER_H_
