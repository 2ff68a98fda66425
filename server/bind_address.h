// The address that -s asks for: the one our user's ssh connection came in on. Source:
// docs/spec/cli.md §3. Pure.
#ifndef SERVER_BIND_ADDRESS_H_
#define SERVER_BIND_ADDRESS_H_

#include <string>

#include "server/environment.h"

namespace mosh::server {

struct SshAddress {
  std::string address;  // numeric; empty: any interface
  std::string warning;  // a line for stderr when `address` is empty
};

// SSH_CONNECTION is "client-address client-port server-address server-port". A v4-mapped server
// address loses its
// "::ffff:", because the socket must then be an IPv4 one.
SshAddress ServerAddressFromSsh(const Environment& environment);

}  // namespace mosh::server

#endif  // SERVER_BIND_ADDRESS_H_
