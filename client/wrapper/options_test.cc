#include "client/wrapper/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace mosh::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

OptionsResult Parse(std::vector<std::string> arguments,
                    std::map<std::string, std::string> environment = {}) {
  return ParseWrapperOptions("mosh", arguments,
                             [environment](const char* name) -> std::optional<std::string> {
                               const auto found = environment.find(name);
                               if (found == environment.end()) return std::nullopt;
                               return found->second;
                             });
}

WrapperOptions Good(std::vector<std::string> arguments,
                    std::map<std::string, std::string> environment = {}) {
  const OptionsResult result = Parse(arguments, environment);
  EXPECT_EQ(result.errors, "");
  return result.options.value_or(WrapperOptions());
}

// The complaint, without the usage that may follow it.
std::string Complaint(std::vector<std::string> arguments,
                      std::map<std::string, std::string> environment = {}) {
  const OptionsResult result = Parse(arguments, environment);
  EXPECT_FALSE(result.options.has_value());
  EXPECT_EQ(result.exit_status, 255);
  EXPECT_EQ(result.output, "");
  return result.errors.substr(0, result.errors.find('\n'));
}

TEST(Options, Defaults) {
  const WrapperOptions options = Good({"u@host", "ls"});
  EXPECT_EQ(options.user_host, "u@host");
  EXPECT_THAT(options.command, ElementsAre("ls"));
  EXPECT_EQ(options.client, "");
  EXPECT_EQ(options.server, "mosh-server");
  EXPECT_THAT(options.ssh, ElementsAre("ssh"));
  EXPECT_EQ(options.predict, "adaptive");
  EXPECT_EQ(options.family, "prefer-inet");
  EXPECT_EQ(options.bind_server, "ssh");
  EXPECT_EQ(options.remote_ip, RemoteIp::kProxy);
  EXPECT_TRUE(options.ssh_pty);
  EXPECT_TRUE(options.init);
}

TEST(Options, DashedCommandsNeedTwoDashes) {
  EXPECT_THAT(Good({"host", "--", "ls", "-l"}).command, ElementsAre("ls", "-l"));
  EXPECT_THAT(Good({"--", "host", "ls", "-l"}).command, ElementsAre("ls", "-l"));
  EXPECT_EQ(Complaint({"host", "ls", "-x"}), "Unknown option: x");
}

TEST(Options, PredictionModes) {
  EXPECT_EQ(Good({"-a", "h"}).predict, "always");
  EXPECT_EQ(Good({"-n", "h"}).predict, "never");
  EXPECT_EQ(Good({"--predict=experimental", "h"}).predict, "experimental");
  EXPECT_EQ(Good({"h"}, {{"MOSH_PREDICTION_DISPLAY", "never"}}).predict, "never");
  EXPECT_EQ(Good({"-a", "h"}, {{"MOSH_PREDICTION_DISPLAY", "zz"}}).predict, "always");
  EXPECT_TRUE(Good({"-o", "h"}).predict_overwrite);
  EXPECT_FALSE(Good({"-o", "--no-predict-overwrite", "h"}).predict_overwrite);
  EXPECT_EQ(Complaint({"--predict=ALWAYS", "h"}), "mosh: Unknown mode \"ALWAYS\".");
  EXPECT_EQ(Complaint({"h"}, {{"MOSH_PREDICTION_DISPLAY", "zz"}}),
            "mosh: Unknown mode \"zz\" (MOSH_PREDICTION_DISPLAY in environment).");
}

TEST(Options, PortChecks) {
  for (const char* good : {"0", "070", "65535", "60001:60001", "1:65535"}) {
    EXPECT_EQ(CheckPorts(good), "") << good;
  }
  for (const std::string bad : {"", "a", "-1", "1.5", ":5", "5:", "1:2:3", " 60"}) {
    EXPECT_EQ(CheckPorts(bad), "Server-side port or range (" + bad + ") is not valid.");
  }
  EXPECT_EQ(CheckPorts("65536"),
            "Server-side (low) port (65536) must be within valid range [0..65535].");
  EXPECT_EQ(
      CheckPorts("999999999999999999999"),
      "Server-side (low) port (999999999999999999999) must be within valid range [0..65535].");
  EXPECT_EQ(CheckPorts("5:0"), "Server-side high port (0) must be within valid range [1..65535].");
  EXPECT_EQ(CheckPorts("1:70000"),
            "Server-side high port (70000) must be within valid range [1..65535].");
  EXPECT_EQ(CheckPorts("0:5"),
            "Server-side port ranges may not be used with starting port 0 (0:5).");
  EXPECT_EQ(CheckPorts("5:3"), "Server-side port range (5:3): low port greater than high port.");
  EXPECT_EQ(Complaint({"-p", "5:3", "h"}),
            "mosh: Server-side port range (5:3): low port greater than high port.");
  EXPECT_EQ(Good({"-p", "60001:60010", "h"}).ports, "60001:60010");
}

TEST(Options, Family) {
  EXPECT_EQ(Good({"-4", "h"}).family, "inet");
  EXPECT_EQ(Good({"-6", "h"}).family, "inet6");
  EXPECT_EQ(Good({"--family=Prefer-INET6", "h"}).family, "prefer-inet6");
}

TEST(Options, RemoteIp) {
  EXPECT_EQ(Good({"--experimental-remote-ip=remote", "h"}).remote_ip, RemoteIp::kRemote);
  EXPECT_EQ(Good({"-e", "local", "h"}).remote_ip, RemoteIp::kLocal);
  EXPECT_EQ(Good({"--remote-ip=proxy", "h"}).remote_ip, RemoteIp::kProxy);
  EXPECT_TRUE(Good({"--remote-ip=proxy", "h"}).remote_ip_given);
  EXPECT_THAT(Complaint({"--experimental-remote-ip=foo", "h"}),
              StartsWith("mosh: Unknown parameter foo"));
}

TEST(Options, SshIsSplitIntoWords) {
  EXPECT_THAT(Good({"--ssh=ssh -o 'A b'", "h"}).ssh, ElementsAre("ssh", "-o", "A b"));
  EXPECT_THAT(Complaint({"--ssh=ssh 'x", "h"}), HasSubstr("quote"));
}

TEST(Options, HelpAndVersionGoToStdout) {
  const OptionsResult help = Parse({"--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.output, StartsWith("Usage: mosh [options] [--] [user@]host [command...]"));
  EXPECT_THAT(help.output, HasSubstr("--here"));
  EXPECT_EQ(help.errors, "");
  EXPECT_THAT(Parse({"--version"}).output, StartsWith("mosh "));
  EXPECT_THAT(Parse({"--h"}).output, StartsWith("Usage: "));
}

TEST(Options, NoHostGivesUsage) {
  EXPECT_THAT(Complaint({}), StartsWith("Usage: mosh"));
  EXPECT_THAT(Complaint({"-a"}), StartsWith("Usage: mosh"));
}

TEST(Options, HostIsNeverAnOptionOfSsh) {
  EXPECT_THAT(Complaint({"--", "-oProxyCommand=evil"}), HasSubstr("is not a host name"));
}

TEST(Options, HereNeedsNoHost) {
  const WrapperOptions options = Good({"--here", "--net=train", "top"});
  EXPECT_TRUE(options.here);
  EXPECT_EQ(options.net, "train");
  EXPECT_THAT(options.command, ElementsAre("top"));
  EXPECT_THAT(Good({"--here", "sh", "-c", "x", "--", "y"}).command,
              ElementsAre("sh", "-c", "x", "--", "y"));
  EXPECT_THAT(Complaint({"--net=train", "h"}), HasSubstr("--here"));
}

TEST(Options, ListAndAttach) {
  EXPECT_TRUE(Good({"--list", "h"}).list);
  EXPECT_TRUE(Good({"--here", "--list"}).list);
  EXPECT_EQ(Good({"h"}).attach, std::nullopt);
  EXPECT_EQ(Good({"--attach", "h"}).attach, "");
  EXPECT_EQ(Good({"--attach", "h"}).user_host, "h");
  const WrapperOptions options = Good({"--attach=k3x9z", "--view", "--steal", "h"});
  EXPECT_EQ(options.attach, "k3x9z");
  EXPECT_TRUE(options.view_only);
  EXPECT_TRUE(options.steal);
  EXPECT_EQ(Good({"--here", "--attach=k3x"}).attach, "k3x");
}

TEST(Options, ListAndAttachStartNothing) {
  EXPECT_EQ(Complaint({"--view", "h"}), "mosh: --view and --steal go with --attach.");
  EXPECT_EQ(Complaint({"--list", "--steal", "h"}), "mosh: --view and --steal go with --attach.");
  EXPECT_THAT(Complaint({"--list", "--attach", "h"}), HasSubstr("one of them"));
  EXPECT_THAT(Complaint({"--attach", "h", "top"}), HasSubstr("leave \"top\" out"));
  EXPECT_THAT(Complaint({"--here", "--list", "top"}), HasSubstr("leave \"top\" out"));
  EXPECT_THAT(Complaint({"--attach", "-p", "60001", "h"}), HasSubstr("port of a new session"));
  EXPECT_THAT(Complaint({"--attach=a;b", "h"}), HasSubstr("is not the ID"));
  EXPECT_EQ(Complaint({"--attach"}), "Usage: mosh [options] [--] [user@]host [command...]");
}

TEST(Options, NewOptionsLeaveThePrefixesPeopleKnow) {
  EXPECT_TRUE(Good({"--l", "127.0.0.1"}).local);
  EXPECT_EQ(Complaint({"--att", "h"}), "Unknown option: att");
}

TEST(Options, EscapeKeys) {
  EXPECT_EQ(EscapeKeyFromOption("~"), "~");
  EXPECT_EQ(EscapeKeyFromOption("^"), "^");
  EXPECT_EQ(EscapeKeyFromOption("^x"), "\x18");
  EXPECT_EQ(EscapeKeyFromOption("ctrl-X"), "\x18");
  EXPECT_EQ(EscapeKeyFromOption("Ctrl-^"), "\x1e");
  EXPECT_EQ(EscapeKeyFromOption("none"), "");
  EXPECT_EQ(EscapeKeyFromOption("F1"), std::nullopt);
  EXPECT_EQ(EscapeKeyFromOption("^^^"), std::nullopt);
  EXPECT_EQ(Good({"--escape-key=^]", "h"}).escape_key, "\x1d");
  EXPECT_THAT(Complaint({"--escape-key=F1", "h"}), HasSubstr("is not a key"));
}

}  // namespace
}  // namespace mosh::client
