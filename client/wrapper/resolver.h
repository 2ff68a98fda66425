// Names to addresses by the rules of --family (docs/spec/cli.md §2.4).
#ifndef CLIENT_WRAPPER_RESOLVER_H_
#define CLIENT_WRAPPER_RESOLVER_H_

#include <netdb.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::client {

struct ResolvedAddress {
  int family = AF_UNSPEC;
  sockaddr_storage storage = {};
  socklen_t length = 0;
  std::string numeric;  // without port
};

// One lookup, as getaddrinfo does it: `flags` are AI_…; fills `canonical` if AI_CANONNAME is set.
// Returns an EAI_ code, 0 on success. A seam for tests.
using Lookup =
    std::function<int(const std::string& host, const std::string& service, int family, int flags,
                      std::vector<ResolvedAddress>& addresses, std::string& canonical)>;
Lookup SystemLookup();

// All addresses worth trying, best first; never empty. Errors carry stock's texts without the
// program's name.
absl::StatusOr<std::vector<ResolvedAddress>> Resolve(absl::string_view host,
                                                     absl::string_view service,
                                                     absl::string_view family,
                                                     const Lookup& lookup);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_RESOLVER_H_
