#include "client/wrapper/resolver.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mosh::client {
namespace {

int FamilyNumber(absl::string_view family) {
  if (family == "inet") return AF_INET;
  if (family == "inet6") return AF_INET6;
  return AF_UNSPEC;
}

absl::StatusOr<std::vector<ResolvedAddress>> LookUpName(const std::string& host,
                                                        const std::string& service, int family,
                                                        const Lookup& lookup) {
  std::vector<ResolvedAddress> addresses;
  std::string canonical;
  if (lookup(host, service, family, AI_NUMERICHOST, addresses, canonical) == 0) return addresses;
  addresses.clear();
  int error = lookup(host, service, family, AI_CANONNAME, addresses, canonical);
  if (error != 0) {
    return absl::NotFoundError(
        absl::StrCat("could not get canonical name for ", host, ": ", gai_strerror(error)));
  }
  if (canonical.empty() || canonical == host) return addresses;
  // Asked again by its canonical name, so that a round-robin alias yields one machine's addresses.
  addresses.clear();
  std::string ignored;
  error = lookup(canonical, service, family, 0, addresses, ignored);
  if (error != 0) {
    return absl::NotFoundError(absl::StrCat("could not resolve canonical name ", canonical, " for ",
                                            host, ": ", gai_strerror(error)));
  }
  return addresses;
}

}  // namespace

Lookup SystemLookup() {
  return [](const std::string& host, const std::string& service, int family, int flags,
            std::vector<ResolvedAddress>& addresses, std::string& canonical) {
    addrinfo hints = {};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    hints.ai_flags = flags;
    addrinfo* results = nullptr;
    const int error = getaddrinfo(host.c_str(), service.c_str(), &hints, &results);
    if (error != 0) return error;
    if (results->ai_canonname != nullptr) canonical = results->ai_canonname;
    for (const addrinfo* result = results; result != nullptr; result = result->ai_next) {
      ResolvedAddress address;
      address.family = result->ai_family;
      address.length = result->ai_addrlen;
      std::memcpy(&address.storage, result->ai_addr, result->ai_addrlen);
      char numeric[NI_MAXHOST];
      if (getnameinfo(result->ai_addr, result->ai_addrlen, numeric, sizeof(numeric), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
        continue;
      }
      address.numeric = numeric;
      addresses.push_back(address);
    }
    freeaddrinfo(results);
    return 0;
  };
}

absl::StatusOr<std::vector<ResolvedAddress>> Resolve(absl::string_view host,
                                                     absl::string_view service,
                                                     absl::string_view family,
                                                     const Lookup& lookup) {
  absl::string_view preference = family;
  const bool prefers = absl::ConsumePrefix(&preference, "prefer-");
  if (prefers && FamilyNumber(preference) == AF_UNSPEC) {
    return absl::InvalidArgumentError(
        absl::StrCat("Invalid preferred family ", family, " (prefer-inet or prefer-inet6)"));
  }
  absl::StatusOr<std::vector<ResolvedAddress>> found =
      LookUpName(std::string(host), std::string(service), FamilyNumber(family), lookup);
  if (!found.ok()) return found.status();
  if (found->empty()) {
    return absl::NotFoundError(absl::StrCat("could not find address for ", host));
  }
  if (prefers) {
    std::vector<ResolvedAddress> ordered;
    for (const bool preferred : {true, false}) {
      for (const ResolvedAddress& address : *found) {
        if ((address.family == FamilyNumber(preference)) == preferred) ordered.push_back(address);
      }
    }
    return ordered;
  }
  if (FamilyNumber(family) != AF_UNSPEC || family == "all") return found;
  const int first = found->front().family;
  for (const ResolvedAddress& address : *found) {
    if (address.family == first) continue;
    return absl::FailedPreconditionError(
        "host has both IPv4 and IPv6 addresses, use --family to specify behavior");
  }
  return found;
}

}  // namespace mosh::client
