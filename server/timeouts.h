// How long a server waits for its client. Sources: docs/spec/cli.md §3.5, docs/spec/transport.md
// §5.
#ifndef SERVER_TIMEOUTS_H_
#define SERVER_TIMEOUTS_H_

#include <chrono>
#include <optional>
#include <string>

#include "server/environment.h"

namespace mosh::server {

struct Timeouts {
  // MOSH_SERVER_NETWORK_TMOUT: without a new client state for this long the session ends. Unset:
  // never.
  std::optional<std::chrono::seconds> network;
  // MOSH_SERVER_SIGNAL_TMOUT: SIGUSR1 ends the session only if the newest client state is older.
  // Zero: always.
  std::chrono::seconds signal{0};
  // No client at all for this long after the start: the server leaves.
  std::chrono::seconds first_contact{60};
};

// Reads the two variables. What can't be understood is ignored; `warnings` gets a line about it for
// stderr.
Timeouts TimeoutsFromEnvironment(const Environment& environment, std::string* warnings);

}  // namespace mosh::server

#endif  // SERVER_TIMEOUTS_H_
