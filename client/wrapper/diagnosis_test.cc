#include "client/wrapper/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "client/wrapper/ssh_config.h"

namespace mosh::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kNoStartup[] = "mosh: Did not find mosh server startup message.";
constexpr char kNoAddress[] =
    "mosh: Did not find remote IP address (is SSH ProxyCommand disabled?).\n";

std::string Text(absl::string_view output, int status, bool have_address = true,
                 WrapperOptions options = {}, SshRoute route = {}) {
  options.user_host = "u@h";
  return Diagnose({.program = "mosh",
                   .options = &options,
                   .route = &route,
                   .output = output,
                   .exit_status = status,
                   .have_address = have_address});
}

TEST(Diagnosis, ServerMissing) {
  const auto expected =
      AllOf(StartsWith(std::string(kNoStartup) + " (Have you installed mosh on your server?)"),
            HasSubstr("Install it"), HasSubstr("--server="));
  EXPECT_THAT(Text("bash: line 1: mosh-server: command not found\r\n", 127), expected);
  EXPECT_THAT(Text("", 127), expected);
  EXPECT_THAT(Text("sh: 1: mosh-server: not found\n", 255), expected);
}

TEST(Diagnosis, WhatTheServerHasSaidIsEnough) {
  EXPECT_EQ(Text("mosh-server: no new sessions are taken here: moving\n", 3),
            "mosh: The server started no session.\n");
}

TEST(Diagnosis, HostKeyRefused) {
  EXPECT_THAT(Text("Host key verification failed.\r\n", 255),
              AllOf(StartsWith(kNoStartup), HasSubstr("host key"), HasSubstr("ssh u@h"),
                    HasSubstr("ssh-keygen -R"), Not(HasSubstr("installed"))));
}

TEST(Diagnosis, LoginRefused) {
  EXPECT_THAT(Text("u@h: Permission denied (publickey).\r\n", 255),
              AllOf(StartsWith(kNoStartup), HasSubstr("refused the login")));
}

TEST(Diagnosis, HostUnknownOrUnreachable) {
  EXPECT_THAT(Text("mosh: could not get canonical name for h: x\n", 255, false),
              AllOf(StartsWith(kNoAddress), HasSubstr("no address")));
  EXPECT_THAT(
      Text("mosh: Could not connect to h, last tried 1.2.3.4: Connection refused\n", 255, false),
      AllOf(StartsWith(kNoAddress), HasSubstr("could not reach"), HasSubstr("ssh -p PORT")));
}

TEST(Diagnosis, PortRangeRefusedByAnOldServer) {
  WrapperOptions options;
  options.ports = "60001:60005";
  EXPECT_EQ(Text("mosh-server: Bad UDP port (60001:60005)\n", 1, true, options),
            "mosh: Server does not support UDP port range option.\n");
}

TEST(Diagnosis, PortTaken) {
  EXPECT_THAT(Text("Error binding to any interface: bind: Address already in use\n", 1),
              AllOf(StartsWith(kNoStartup), HasSubstr("-p 60100:60200")));
}

TEST(Diagnosis, JumpHostHidesTheAddress) {
  EXPECT_THAT(
      Text("", 0, false, {}, {.proxy_jump = "gate"}),
      AllOf(StartsWith(kNoAddress), HasSubstr("jump host gate"), HasSubstr("--remote-ip=remote")));
}

TEST(Diagnosis, ServerDoesNotKnowItsAddress) {
  WrapperOptions options;
  options.remote_ip = RemoteIp::kRemote;
  EXPECT_THAT(
      Text("", 0, false, options),
      AllOf(StartsWith(kNoAddress), HasSubstr("SSH_CONNECTION"), HasSubstr("--remote-ip=local")));
}

TEST(Diagnosis, UnknownTroubleKeepsStocksWords) {
  EXPECT_EQ(Text("whatever\n", 3),
            std::string(kNoStartup) + " (Have you installed mosh on your server?)\n");
}

TEST(Diagnosis, AttachToAnOldServer) {
  WrapperOptions options;
  options.attach = "";
  EXPECT_EQ(Text("Usage: mosh-server new [-s] [-v]\n", 1, true, options),
            "mosh: The mosh-server on u@h is stock's or an old one: it can neither list sessions "
            "nor attach\nto them. Install mosh-fleet there, or name its program: "
            "--server=/path/to/mosh-server\n");
}

TEST(Diagnosis, NothingToAttachTo) {
  WrapperOptions options;
  options.attach = "zzz";
  EXPECT_EQ(Text("mosh-server: no session zzz\n", 2, true, options),
            "mosh: Not attached. To see the sessions on u@h: mosh --list u@h\n");
  EXPECT_THAT(Text("mosh-server: command not found\n", 127, true, options),
              HasSubstr("Install it"));
}

TEST(Diagnosis, List) {
  WrapperOptions options;
  options.user_host = "u@h";
  options.list = true;
  const auto text = [&options](absl::string_view output, int status) {
    const SshRoute route;
    return DiagnoseList({.program = "mosh",
                         .options = &options,
                         .route = &route,
                         .output = output,
                         .exit_status = status});
  };
  EXPECT_THAT(text("Usage: mosh-server new\n", 1), HasSubstr("stock's or an old one"));
  EXPECT_EQ(text("mosh-server: x\n", 3), "mosh: The server on u@h could not do it.\n");
  EXPECT_THAT(text("Permission denied (publickey).\n", 255), HasSubstr("refused the login"));
  EXPECT_THAT(text("sh: mosh-server: not found\n", 127), HasSubstr("Install it"));
}

TEST(Diagnosis, SshMissing) {
  EXPECT_THAT(DiagnoseNotStarted("mosh", "ssh", ENOENT),
              AllOf(StartsWith("mosh: Cannot run \"ssh\": No such file"),
                    HasSubstr("openssh-client"), HasSubstr("--here")));
}

TEST(SshConfig, FindsJumpHostAndProxyCommand) {
  const SshRoute route = ParseSshConfig("host x\nhostname 10.0.0.1\nproxyjump u@gate\n");
  EXPECT_EQ(route.host_name, "10.0.0.1");
  EXPECT_EQ(route.proxy_jump, "u@gate");
  EXPECT_FALSE(route.direct());
  EXPECT_EQ(ParseSshConfig("proxycommand nc -X 5 %h %p\n").proxy_command, "nc -X 5 %h %p");
  EXPECT_TRUE(ParseSshConfig("proxycommand none\nproxyjump none\n").direct());
  EXPECT_TRUE(ParseSshConfig("").direct());
}

}  // namespace
}  // namespace mosh::client
