// Carries out `mosh-server list`, `attach` and the others by asking the Hosts of this user.
#ifndef SERVER_RUN_SUBCOMMAND_H_
#define SERVER_RUN_SUBCOMMAND_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/control/control.pb.h"
#include "server/subcommand.h"

namespace mosh::server {

// Exit statuses, as the help text says.
inline constexpr int kStatusDone = 0;
inline constexpr int kStatusMistake = 1;
inline constexpr int kStatusNoSession = 2;
inline constexpr int kStatusFailed = 3;

struct SubcommandSurroundings {
  std::string program;               // for messages
  std::vector<std::string> sockets;  // of all Hosts, and of the gate
  std::string own_session;           // the session that this runs in; empty: none
  absl::Time now;
  std::chrono::milliseconds patience{3000};  // for everything together
};

struct SubcommandOutcome {
  int status = kStatusDone;
  std::string out;  // for stdout
  std::string err;  // for stderr
  // Of attach: to be printed, then wiped.
  std::optional<control::Grant> grant;
};

// Blocks, but not longer than the patience.
SubcommandOutcome RunSubcommand(const Subcommand& command,
                                const SubcommandSurroundings& surroundings);

}  // namespace mosh::server

#endif  // SERVER_RUN_SUBCOMMAND_H_
