// Whose process this is, and becoming somebody's for good. Looks users up in the system's database,
// which may take its time (LDAP): never in the gate itself.
#ifndef SERVER_GATE_IDENTITY_H_
#define SERVER_GATE_IDENTITY_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/gate/config.h"

namespace mosh::server::gate {

struct Identity {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
  std::string shell;
  std::vector<std::string> groups;  // names, of all groups
};

// kNotFound: there is no such user.
absl::StatusOr<Identity> LookUp(uid_t uid);

// kPermissionDenied, with the setting that says so.
absl::Status CheckAllowed(const Config& config, const Identity& who);

// User, groups, group, for good. The caller is root. An error leaves the process half changed: it
// must end.
absl::Status BecomeUser(const Identity& who);

// Gives up every capability but binding to low ports, and ever gaining any by exec. For a process
// of root's that needs nothing but root's files.
absl::Status GiveUpPrivileges();

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_IDENTITY_H_
