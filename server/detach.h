// Leaves the user's terminal: the foreground process says goodbye, a copy of it goes on. Source:
// docs/spec/cli.md §3.2.
#ifndef SERVER_DETACH_H_
#define SERVER_DETACH_H_

#include <functional>

#include "absl/status/status.h"

namespace mosh::server {

// Returns in the copy only, which is the leader of a new session (so that no terminal's hang-up or
// interrupt reaches it) with SIGHUP and SIGPIPE ignored. Unless `keep_stdio`, its descriptors 0 to
// 2 are /dev/null, so that ssh sees the end of its output. `in_parent` runs in the foreground
// process before it prints and exits: there it must forget its secrets. An error means that there
// is no copy.
absl::Status Detach(bool keep_stdio, const std::function<void()>& in_parent);

}  // namespace mosh::server

#endif  // SERVER_DETACH_H_
