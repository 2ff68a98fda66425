// All sessions of this user on this machine, whichever processes serve them; and which of them
// somebody means.
#ifndef SERVER_CONTROL_SESSION_FINDER_H_
#define SERVER_CONTROL_SESSION_FINDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/control/control.pb.h"
#include "server/control/control_client.h"

namespace mosh::server {

struct FoundSession {
  control::Session session;
  std::string socket;  // where to ask about it
};

struct FoundSessions {
  std::vector<FoundSession> sessions;  // oldest first
  std::vector<std::string> problems;   // a line for each Host that could not be asked
};

// Asks all sockets at once. Where nobody listens any more there is nothing to find, and no problem.
// A session that is found in two ways counts once.
FoundSessions FindSessions(const std::vector<std::string>& sockets,
                           ControlClient::Deadline deadline);

// The one whose id is or begins with `prefix`. kNotFound, or kInvalidArgument: several.
absl::StatusOr<FoundSession> ChooseSession(const FoundSessions& found, absl::string_view prefix);

// The one that its clients have left last; not one that still waits for the first. kNotFound.
absl::StatusOr<FoundSession> NewestDetached(const FoundSessions& found);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_SESSION_FINDER_H_
