// What ssh runs as its ProxyCommand in `proxy` mode (docs/spec/cli.md §2.7): connects over TCP,
// tells the address on stderr, relays. It is how the wrapper learns the address that ssh's own
// configuration leads to.
#ifndef CLIENT_WRAPPER_PROXY_HELPER_H_
#define CLIENT_WRAPPER_PROXY_HELPER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/wrapper/resolver.h"

namespace mosh::client {

struct ProxyStreams {
  int input;   // ssh's data towards the server
  int output;  // the server's data towards ssh
  int report;  // gets "MOSH IP <address>\n"
};

// Blocks until both directions have ended. The error's text is to be shown after the program's
// name. Ignores SIGHUP and SIGPIPE from here on.
absl::Status RunProxyHelper(absl::string_view host, absl::string_view port,
                            absl::string_view family, const Lookup& lookup, ProxyStreams streams);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_PROXY_HELPER_H_
