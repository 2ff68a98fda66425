// The program's other life: started again by a Host, in a session's terminal and under the name
// kLoginModeName, it shows the message of the day and becomes the session's program.
//
// So a Host of any size starts a session without copying itself, and whatever takes long or fails
// in starting (a home on a slow disk, a missing shell) does so in the session and is seen there.
#ifndef SERVER_LOGIN_MODE_H_
#define SERVER_LOGIN_MODE_H_

#include <span>

#include "absl/strings/string_view.h"
#include "io/pty.h"
#include "io/reactor.h"
#include "server/control/control.pb.h"
#include "server/login_plan.h"
#include "server/program.h"
#include "server/utmp.h"
#include "term/size.h"

namespace mosh::server {

inline constexpr absl::string_view kLoginModeName = "mosh-login";

// What main() must ask first. `args` is argv.
inline bool IsLoginMode(std::span<const char* const> args) {
  return !args.empty() && args[0] == kLoginModeName;
}
// Returns only if the arguments make no sense, the exit status.
int RunLoginMode(std::span<const char* const> args);

// How to start it: this very program, in a pty of this size.
io::PtySpec LoginModeSpec(const control::NewSession& request, term::Size size,
                          const Account& account);

// For HostOptions::start_program. `reactor` outlives it, and `keeper`, which may be null, too.
RequestedProgramStarter LoginModeStarter(io::Reactor* reactor, UtmpKeeper* keeper);

}  // namespace mosh::server

#endif  // SERVER_LOGIN_MODE_H_
