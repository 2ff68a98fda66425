// `mosh --resume` and `mosh --forget`: continues a session that a client left behind when it died,
// without ssh (docs/extensions.md). Texts go to stdout and stderr.
#ifndef CLIENT_RUN_RESUME_H_
#define CLIENT_RUN_RESUME_H_

#include "absl/strings/string_view.h"
#include "client/wrapper/options.h"

namespace mosh::client {

// `which`: an id, what the session was reached by ("user@host"), "list", or "" for the latest that
// is not in use. Returns the exit status.
int RunResume(absl::string_view program, absl::string_view which, const Environment& environment);
// Throws away what is kept of a session; the server is not told. Returns the exit status.
int RunForget(absl::string_view program, absl::string_view which, const Environment& environment);

}  // namespace mosh::client

#endif  // CLIENT_RUN_RESUME_H_
