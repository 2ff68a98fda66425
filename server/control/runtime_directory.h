// Where a user's Hosts have their control sockets: a directory that nobody else can enter.
//
//   $XDG_RUNTIME_DIR/mosh   if that variable names a directory of the user's, by absolute path
//   /run/user/UID/mosh      else, if /run/user/UID is the user's
//   /tmp/mosh-UID           else
#ifndef SERVER_CONTROL_RUNTIME_DIRECTORY_H_
#define SERVER_CONTROL_RUNTIME_DIRECTORY_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mosh::server {

// What the choice depends on.
struct RuntimePlaces {
  std::string xdg_runtime_dir;  // the variable; empty: not set
  uid_t uid;
  std::string root;  // stands before /run and /tmp, for tests; empty: the machine's own
};
RuntimePlaces RuntimePlacesOfProcess();

// Makes the directory (mode 0700) if it isn't there. An error if what is there can't be trusted: a
// symbolic link, another user's, or open to others.
absl::StatusOr<std::string> RuntimeDirectory(const RuntimePlaces& places);

// The same for a path that has been chosen before.
absl::Status MakePrivateDirectory(const std::string& path, uid_t uid);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_RUNTIME_DIRECTORY_H_
