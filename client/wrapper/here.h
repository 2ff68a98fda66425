// `mosh --here`: finding our own server on this machine, and the bad network that --net puts before
// it.
#ifndef CLIENT_WRAPPER_HERE_H_
#define CLIENT_WRAPPER_HERE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mosh::client {

// Path of the mosh-server that was built or installed with `self` (this program's absolute path):
// beside it, or in the build tree's ../server/, or in the runfiles. Empty if there is none or the
// user named another one (`server`): then the shell finds it.
std::string FindServer(absl::string_view self, absl::string_view server);

// Is this a network that can be had? The error names the bad part and says what would be accepted.
absl::Status CheckNetProfile(absl::string_view profile);

// Starts a child process that relays UDP between a new loopback port and 127.0.0.1:`server_port`
// over the network of `profile` (//netem), and dies with this process. Stores the new port.
absl::Status StartNetRelay(absl::string_view profile, const std::string& server_port,
                           std::string& relay_port);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_HERE_H_
