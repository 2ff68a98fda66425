#include "client/client_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mosh::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

ClientArgumentsResult Parse(std::vector<std::string> arguments) {
  return ParseClientArguments("mosh-client", arguments);
}

TEST(ClientArguments, AddressAndPort) {
  const auto result = Parse({"192.0.2.1", "60001"});
  ASSERT_TRUE(result.arguments.has_value()) << result.errors;
  EXPECT_EQ(result.arguments->address, "192.0.2.1");
  EXPECT_EQ(result.arguments->port, 60001);
}

TEST(ClientArguments, TextForPsIsIgnored) {
  EXPECT_EQ(Parse({"-# u@h |", "::1", "1"}).arguments->address, "::1");
  EXPECT_EQ(Parse({"-#", "u@h |", "::1", "1"}).arguments->address, "::1");
}

TEST(ClientArguments, Flags) {
  EXPECT_TRUE(Parse({"-c"}).arguments->count_colors);
  EXPECT_EQ(Parse({"-v", "-v", "::1", "1"}).arguments->verbosity, 2);
  EXPECT_EQ(Parse({"-vv", "--", "::1", "1"}).arguments->verbosity, 2);
}

TEST(ClientArguments, HelpAndVersion) {
  EXPECT_THAT(Parse({"--help"}).output, HasSubstr("Usage: mosh-client [-# 'ARGS'] IP PORT\n"));
  EXPECT_THAT(Parse({"--version"}).output, StartsWith("mosh-client "));
  EXPECT_EQ(Parse({"--version"}).exit_status, 0);
}

TEST(ClientArguments, BadOnes) {
  for (const char* port : {"x", "70000", "-1", "1x", ""}) {
    const auto result = Parse({"--", "::1", port});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_THAT(result.errors,
                StartsWith(std::string("mosh-client: Bad UDP port (") + port + ")\n\n"));
    EXPECT_THAT(result.errors, HasSubstr("Usage: "));
  }
  EXPECT_EQ(Parse({}).exit_status, 1);
  EXPECT_EQ(Parse({"a"}).exit_status, 1);
  EXPECT_EQ(Parse({"a", "1", "2"}).exit_status, 1);
  EXPECT_THAT(Parse({"-z", "a", "1"}).errors, StartsWith("mosh-client: unknown option -z"));
}

}  // namespace
}  // namespace mosh::client
