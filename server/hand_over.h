// Gives a new session to a moshd that is running, instead of starting a server for it.
#ifndef SERVER_HAND_OVER_H_
#define SERVER_HAND_OVER_H_

#include <sys/resource.h>

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "server/command_line.h"
#include "server/control/control.pb.h"
#include "server/environment.h"
#include "server/timeouts.h"
#include "term/size.h"

namespace mosh::server {

// Whether a moshd can do what was asked: it has one port for all, and limits of its own.
bool MayHandOver(const CommandLine& line, const Timeouts& timeouts);

// What to ask it for. `environment` already names a UTF-8 locale.
control::NewSession DescribeNewSession(const CommandLine& line, const Environment& environment,
                                       term::Size size, const rlimit& core_limit);

// Asks the moshd at this socket. On any error the caller starts a server after all.
absl::StatusOr<control::Grant> HandOver(const std::string& gate_socket, control::NewSession session,
                                        std::chrono::milliseconds patience);

}  // namespace mosh::server

#endif  // SERVER_HAND_OVER_H_
