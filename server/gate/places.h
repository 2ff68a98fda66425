// The files of a running moshd: root's in /run/moshd, an ordinary user's in his runtime directory.
#ifndef SERVER_GATE_PLACES_H_
#define SERVER_GATE_PLACES_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/owned_fd.h"

namespace mosh::server::gate {

struct Places {
  std::string config;   // where it is looked for by default
  std::string control;  // for mosh-server: everybody's, where root's moshd serves everybody
  mode_t control_mode = 0600;
  std::string keeper;
  std::string status;
  std::string lock;
};

// Makes the directory if it isn't there.
absl::StatusOr<Places> FindPlaces();

// Holds as long as the descriptor is open. kAlreadyExists: another moshd runs.
absl::StatusOr<io::OwnedFd> TakeLock(const std::string& path);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_PLACES_H_
