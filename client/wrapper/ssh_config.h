// What ssh's own configuration says about a host, as `ssh -G` prints it: is there a jump host or a
// proxy command on the way? Then our own ProxyCommand would bypass it and could not learn the
// address by connecting.
#ifndef CLIENT_WRAPPER_SSH_CONFIG_H_
#define CLIENT_WRAPPER_SSH_CONFIG_H_

#include <string>

#include "absl/strings/string_view.h"

namespace mosh::client {

struct SshRoute {
  std::string host_name;      // what the host's name stands for; may be empty
  std::string proxy_jump;     // empty: none
  std::string proxy_command;  // empty: none

  bool direct() const { return proxy_jump.empty() && proxy_command.empty(); }
};

// From the output of `ssh -G`. Pure; unknown lines are skipped, so an empty or foreign text is a
// direct route.
SshRoute ParseSshConfig(absl::string_view output);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_SSH_CONFIG_H_
