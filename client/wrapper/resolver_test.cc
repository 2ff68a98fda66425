#include "client/wrapper/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace mosh::client {
namespace {

using ::testing::ElementsAre;

struct FakeName {
  std::string canonical;
  std::vector<std::pair<int, std::string>> addresses;
};

Lookup FakeLookup(std::map<std::string, FakeName> names) {
  return [names](const std::string& host, const std::string&, int family, int flags,
                 std::vector<ResolvedAddress>& addresses, std::string& canonical) {
    if ((flags & AI_NUMERICHOST) != 0 && host.find_first_not_of("0123456789.") != host.npos) {
      return EAI_NONAME;
    }
    const auto found = names.find(host);
    if (found == names.end()) return EAI_NONAME;
    for (const auto& [of_family, numeric] : found->second.addresses) {
      if (family != AF_UNSPEC && family != of_family) continue;
      addresses.push_back({.family = of_family, .numeric = numeric});
    }
    canonical = found->second.canonical;
    return addresses.empty() ? EAI_NONAME : 0;
  };
}

const std::map<std::string, FakeName> kNames = {
    {"1.2.3.4", {"", {{AF_INET, "1.2.3.4"}}}},
    {"both", {"both.example", {{AF_INET6, "::1"}, {AF_INET, "1.1.1.1"}}}},
    {"both.example", {"", {{AF_INET6, "::2"}, {AF_INET, "2.2.2.2"}, {AF_INET6, "::3"}}}},
    {"dangling", {"nowhere", {{AF_INET, "1.1.1.1"}}}},
    {"old", {"old", {{AF_INET, "4.4.4.4"}}}},
};

std::vector<std::string> Addresses(absl::string_view host, absl::string_view family) {
  const auto resolved = Resolve(host, "22", family, FakeLookup(kNames));
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  std::vector<std::string> numeric;
  if (resolved.ok()) {
    for (const ResolvedAddress& address : *resolved) numeric.push_back(address.numeric);
  }
  return numeric;
}

std::string Error(absl::string_view host, absl::string_view family) {
  return std::string(Resolve(host, "22", family, FakeLookup(kNames)).status().message());
}

TEST(Resolver, NumericAddressesStayAsTheyAre) {
  EXPECT_THAT(Addresses("1.2.3.4", "prefer-inet"), ElementsAre("1.2.3.4"));
}

TEST(Resolver, CanonicalNameIsAskedAgainAndFamiliesOrdered) {
  EXPECT_THAT(Addresses("both", "prefer-inet"), ElementsAre("2.2.2.2", "::2", "::3"));
  EXPECT_THAT(Addresses("both", "prefer-inet6"), ElementsAre("::2", "::3", "2.2.2.2"));
  EXPECT_THAT(Addresses("both", "all"), ElementsAre("::2", "2.2.2.2", "::3"));
  EXPECT_THAT(Addresses("both", "inet"), ElementsAre("2.2.2.2"));
  EXPECT_THAT(Addresses("both", "inet6"), ElementsAre("::2", "::3"));
  EXPECT_THAT(Addresses("old", "auto"), ElementsAre("4.4.4.4"));
}

TEST(Resolver, Errors) {
  EXPECT_EQ(Error("both", "auto"),
            "host has both IPv4 and IPv6 addresses, use --family to specify behavior");
  EXPECT_EQ(Error("none", "inet"),
            "could not get canonical name for none: Name or service not known");
  EXPECT_EQ(Error("dangling", "inet"),
            "could not resolve canonical name nowhere for dangling: Name or service not known");
  EXPECT_THAT(Error("old", "prefer-ipx"),
              ::testing::StartsWith("Invalid preferred family prefer-ipx"));
}

TEST(Resolver, SystemKnowsLoopback) {
  const auto resolved = Resolve("127.0.0.1", "22", "prefer-inet", SystemLookup());
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->front().numeric, "127.0.0.1");
}

}  // namespace
}  // namespace mosh::client
