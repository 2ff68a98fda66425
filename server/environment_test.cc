#include "server/environment.h"

#include "gtest/gtest.h"
#include "server/bind_address.h"
#include "server/timeouts.h"

namespace mosh::server {
namespace {

using Strings = std::vector<std::string>;

TEST(Environment, GetsSetsAndUnsets) {
  Environment environment({"A=1", "AB=2", "A=3", "odd"});
  EXPECT_EQ(environment.Get("A"), "1");
  EXPECT_EQ(environment.Get("B"), std::nullopt);
  environment.Set("A", "");
  EXPECT_EQ(environment.Get("A"), "");
  environment.Unset("AB");
  EXPECT_EQ(environment.assignments(), (Strings{"odd", "A="}));
  EXPECT_EQ(environment.ToPointers().back(), nullptr);
}

TEST(Timeouts, UnsetAndZeroMeanNever) {
  std::string warnings;
  EXPECT_EQ(TimeoutsFromEnvironment(Environment(), &warnings).network, std::nullopt);
  const Environment zero({"MOSH_SERVER_NETWORK_TMOUT=0", "MOSH_SERVER_SIGNAL_TMOUT=0"});
  EXPECT_EQ(TimeoutsFromEnvironment(zero, &warnings).network, std::nullopt);
  EXPECT_EQ(TimeoutsFromEnvironment(zero, &warnings).signal, std::chrono::seconds(0));
  EXPECT_EQ(warnings, "");
}

TEST(Timeouts, ReadsSeconds) {
  std::string warnings;
  const Timeouts timeouts = TimeoutsFromEnvironment(
      Environment({"MOSH_SERVER_NETWORK_TMOUT=604800", "MOSH_SERVER_SIGNAL_TMOUT=60"}), &warnings);
  EXPECT_EQ(timeouts.network, std::chrono::seconds(604800));
  EXPECT_EQ(timeouts.signal, std::chrono::seconds(60));
  EXPECT_EQ(warnings, "");
}

TEST(Timeouts, BadValuesAreReallyIgnored) {
  std::string warnings;
  const Timeouts timeouts = TimeoutsFromEnvironment(
      Environment({"MOSH_SERVER_NETWORK_TMOUT=12x", "MOSH_SERVER_SIGNAL_TMOUT=-5"}), &warnings);
  EXPECT_EQ(timeouts.network, std::nullopt);
  EXPECT_EQ(timeouts.signal, std::chrono::seconds(0));
  EXPECT_EQ(warnings,
            "MOSH_SERVER_NETWORK_TMOUT not a valid integer, ignoring\n"
            "MOSH_SERVER_SIGNAL_TMOUT is negative, ignoring\n");
}

TEST(Timeouts, HugeValuesStayFarFromTheEndOfTime) {
  std::string warnings;
  const Timeouts timeouts = TimeoutsFromEnvironment(
      Environment({"MOSH_SERVER_NETWORK_TMOUT=9223372036854775807"}), &warnings);
  EXPECT_LT(*timeouts.network, std::chrono::hours(24 * 366 * 100));
  TimeoutsFromEnvironment(Environment({"MOSH_SERVER_NETWORK_TMOUT=9223372036854775808"}),
                          &warnings);
  EXPECT_EQ(warnings, "MOSH_SERVER_NETWORK_TMOUT not a valid integer, ignoring\n");
}

TEST(BindAddress, ThirdWordOfSshConnection) {
  EXPECT_EQ(ServerAddressFromSsh(Environment({"SSH_CONNECTION=10.0.0.9 51 10.0.0.1 22"})).address,
            "10.0.0.1");
  EXPECT_EQ(ServerAddressFromSsh(Environment({"SSH_CONNECTION=::1 51 ::FFFF:10.0.0.1 22"})).address,
            "10.0.0.1");
  EXPECT_EQ(ServerAddressFromSsh(Environment({"SSH_CONNECTION=::1 51 fe80::1%eth0 22"})).address,
            "fe80::1%eth0");
}

TEST(BindAddress, Warnings) {
  EXPECT_EQ(ServerAddressFromSsh(Environment()).warning,
            "Warning: SSH_CONNECTION not found; binding to any interface.\n");
  EXPECT_EQ(ServerAddressFromSsh(Environment({"SSH_CONNECTION=10.0.0.9 51"})).warning,
            "Warning: Could not parse SSH_CONNECTION; binding to any interface.\n");
}

}  // namespace
}  // namespace mosh::server
