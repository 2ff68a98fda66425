#include "client/wrapper/ssh_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace mosh::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Environment With(std::map<std::string, std::string> variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

std::vector<std::string> Command(const WrapperOptions& options) {
  return SshCommand(
      options, "/usr/bin/mosh", "u@h",
      ServerArguments(options, 256, BindArguments(options, ""), With({{"LANG", "C.UTF-8"}})));
}

TEST(SshCommand, DefaultIsProxyMode) {
  EXPECT_THAT(
      Command({}),
      ElementsAre("ssh", "-n", "-tt", "-S", "none", "-o",
                  "ProxyCommand='/usr/bin/mosh' '--family=prefer-inet' --fake-proxy -- %h %p",
                  "u@h", "--", "mosh-server 'new' '-c' '256' '-s' '-l' 'LANG=C.UTF-8'"));
}

TEST(SshCommand, RemoteModeAsksForTheAddress) {
  WrapperOptions options;
  options.remote_ip = RemoteIp::kRemote;
  options.family = "inet6";
  options.ssh_pty = false;
  EXPECT_THAT(Command(options),
              ElementsAre("ssh", "-n", "-6", "u@h", "--",
                          "sh -c '[ -n \"$SSH_CONNECTION\" ] && printf \"\\nMOSH SSH_CONNECTION "
                          "%s\\n\" \"$SSH_CONNECTION\"' ; mosh-server 'new' '-c' '256' '-s' '-l' "
                          "'LANG=C.UTF-8'"));
}

TEST(SshCommand, LocalModeAddsNothing) {
  WrapperOptions options;
  options.remote_ip = RemoteIp::kLocal;
  options.ssh = {"ssh", "-p", "22"};
  options.server = "env A=b mosh-server";
  options.ports = "60001:60005";
  options.command = {"it's", "me"};
  EXPECT_THAT(Command(options),
              ElementsAre("ssh", "-p", "22", "-n", "-tt", "u@h", "--",
                          "env A=b mosh-server 'new' '-c' '256' '-s' '-p' '60001:60005' '-l' "
                          "'LANG=C.UTF-8' '--' 'it'\\''s' 'me'"));
}

TEST(SshCommand, AttachComesBeforeWhatANewSessionWouldGet) {
  WrapperOptions options;
  options.attach = "k3x9z";
  options.view_only = true;
  options.steal = true;
  EXPECT_EQ(Command(options).back(),
            "mosh-server 'attach' 'k3x9z' '--view' '--steal' 'new' '-c' '256' '-s' '-l' "
            "'LANG=C.UTF-8'");
  options = {};
  options.attach = "";
  EXPECT_EQ(Command(options).back(),
            "mosh-server 'attach' 'new' '-c' '256' '-s' '-l' 'LANG=C.UTF-8'");
}

TEST(SshCommand, ListNeedsNoAddressAndNoTerminal) {
  WrapperOptions options;
  options.user_host = "u@h";
  options.family = "inet6";
  EXPECT_THAT(PlainSshCommand(options, ListArguments(100)),
              ElementsAre("ssh", "-n", "-6", "u@h", "--", "mosh-server 'list' '--columns=100'"));
}

TEST(SshCommand, PercentInOurOwnPathIsProtectedFromSsh) {
  EXPECT_EQ(SshCommand({}, "/tmp/100%/mosh", "h", {})[6],
            "ProxyCommand='/tmp/100%%/mosh' '--family=prefer-inet' --fake-proxy -- %h %p");
}

TEST(SshCommand, BindArguments) {
  WrapperOptions options;
  EXPECT_THAT(BindArguments(options, ""), ElementsAre("-s"));
  EXPECT_THAT(BindArguments(options, "127.0.0.1"), ElementsAre("-i", "127.0.0.1"));
  options.bind_server = "ANY";
  EXPECT_THAT(BindArguments(options, "127.0.0.1"), IsEmpty());
  options.bind_server = "192.0.2.7";
  EXPECT_THAT(BindArguments(options, ""), ElementsAre("-i", "192.0.2.7"));
  options.bind_server = "SSH";
  EXPECT_THAT(BindArguments(options, ""), ElementsAre("-s"));
}

// A stock server would refuse to start.
TEST(SshCommand, WithoutUtf8HereTheServerIsStillToldOfIt) {
  EXPECT_THAT(ServerArguments({}, 8, {}, With({})),
              ElementsAre("new", "-c", "8", "-l", "LC_CTYPE=C.UTF-8"));
  EXPECT_THAT(ServerArguments({}, 8, {}, With({{"LC_ALL", "C"}, {"LANG", "de_DE"}})),
              ElementsAre("new", "-c", "8", "-l", "LANG=de_DE", "-l", "LC_CTYPE=C.UTF-8"));
}

TEST(SshCommand, LocaleVariablesInTheirOrder) {
  EXPECT_THAT(
      ServerArguments({}, 8, {}, With({{"LC_ALL", "de_DE.UTF-8"}, {"LANG", ""}, {"LC_X", "no"}})),
      ElementsAre("new", "-c", "8", "-l", "LANG=", "-l", "LC_ALL=de_DE.UTF-8"));
}

}  // namespace
}  // namespace mosh::client
