// `mosh user@host` as people type it: through a real ssh and a real sshd on loopback.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "e2e/mosh_session.h"
#include "e2e/sshd.h"
#include "e2e/tools.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class WrapperTest : public testing::TestWithParam<Pairing> {
 protected:
  WrapperTest() : mark_(NewMark()), sshd_(mark_, FarSide()) {
    BecomeReaper();
    bin_ = ClientFolder(GetParam());
  }
  ~WrapperTest() override {
    terminal_.reset();
    KillMarkedProcesses(mark_);
  }

  static Environment FarSide() {
    Environment environment;
    if (!GetParam().backend.empty()) environment["MOSH_IO_BACKEND"] = GetParam().backend;
    return environment;
  }

  Environment NearSide() const {
    Environment environment = BaseEnvironment(mark_);
    environment["PATH"] = absl::StrCat(bin_, ":", environment["PATH"]);
    if (!GetParam().backend.empty()) environment["MOSH_IO_BACKEND"] = GetParam().backend;
    return environment;
  }

  // Starts mosh in a terminal, with this ssh command and these further words.
  TerminalProgram& Start(const std::string& ssh, const std::vector<std::string>& words) {
    std::vector<std::string> argv = {bin_ + "/mosh", absl::StrCat("--ssh=", ssh),
                                     absl::StrCat("--server=", ServerPath(GetParam()))};
    argv.insert(argv.end(), words.begin(), words.end());
    terminal_ = std::make_unique<TerminalProgram>(
        TerminalProgram::Options{.argv = argv, .environment = NearSide()});
    return *terminal_;
  }
  std::string Describe() {
    return absl::StrCat(terminal_->Describe(), "sshd's log:\n", sshd_.Log());
  }
  // It ended by itself, with an error, and left nothing.
  void ExpectFailure() {
    EXPECT_TRUE(terminal_->WaitExit()) << Describe();
    EXPECT_NE(terminal_->process().ExitCode(), 0) << Describe();
    EXPECT_EQ(ModesDifference(terminal_->initial_modes(), terminal_->modes()), "");
    EXPECT_THAT(WaitNoMarkedProcesses(mark_, Deadline::In(std::chrono::seconds(15))), IsEmpty());
  }

  std::string mark_;
  Sshd sshd_;
  std::string bin_;
  std::unique_ptr<TerminalProgram> terminal_;
};

INSTANTIATE_TEST_SUITE_P(, WrapperTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(WrapperTest, LogsInAndRunsACommand) {
  TerminalProgram& terminal =
      Start(sshd_.SshCommand(), {"testhost", "--", "/bin/sh", "-c",
                                 "echo far-side $1; read x; echo got $x; cat", "sh", "two words"});
  ASSERT_TRUE(terminal.WaitForText("far-side two words")) << Describe();
  terminal.Type("answer\r");
  EXPECT_TRUE(terminal.WaitForText("got answer")) << Describe();
  terminal.Type("\x04");
  EXPECT_TRUE(terminal.WaitExit()) << Describe();
  EXPECT_EQ(terminal.process().ExitCode(), 0);
  EXPECT_EQ(ModesDifference(terminal.initial_modes(), terminal.modes()), "");
  EXPECT_THAT(WaitNoMarkedProcesses(mark_, Deadline::In(std::chrono::seconds(15))), IsEmpty());
}

TEST_P(WrapperTest, LoginShellWithUserAtHost) {
  TerminalProgram& terminal = Start(sshd_.SshCommand(), {absl::StrCat(sshd_.user(), "@testhost")});
  // Which prompt it has is the machine's business.
  ASSERT_TRUE(terminal.WaitFor([](const VtermScreen& screen) {
    return screen.Contains("$") || screen.Contains("#");
  })) << Describe();
  terminal.Type("echo in-$((40+2)) $TERM; stty size\r");
  EXPECT_TRUE(terminal.WaitForText("in-42 xterm-256color\n24 80")) << Describe();
  terminal.Type("exit\r");
  EXPECT_TRUE(terminal.WaitExit()) << Describe();
  EXPECT_EQ(terminal.process().ExitCode(), 0);
}

TEST_P(WrapperTest, EachWayToLearnTheAddress) {
  for (const char* mode : {"proxy", "remote", "local"}) {
    SCOPED_TRACE(mode);
    // "local" resolves the name by itself, without ssh's configuration.
    const char* host = absl::string_view(mode) == "local" ? "127.0.0.1" : "testhost";
    TerminalProgram& terminal =
        Start(sshd_.SshCommand(), {absl::StrCat("--experimental-remote-ip=", mode), host, "--",
                                   "env", "PS1=far$ ", "/bin/sh"});
    ASSERT_TRUE(terminal.WaitForText("far$")) << Describe();
    terminal.Type("exit\r");
    EXPECT_TRUE(terminal.WaitExit()) << Describe();
    EXPECT_EQ(terminal.process().ExitCode(), 0);
  }
}

TEST_P(WrapperTest, HostKeyRefused) {
  Start(sshd_.SshCommandWithWrongHostKey(), {"testhost"});
  ExpectFailure();
  EXPECT_THAT(terminal_->output(), HasSubstr("REMOTE HOST IDENTIFICATION HAS CHANGED"));
}

TEST_P(WrapperTest, UserRefused) {
  Start(sshd_.SshCommandWithWrongUserKey(), {"testhost"});
  ExpectFailure();
  EXPECT_THAT(terminal_->output(), HasSubstr("Permission denied"));
}

TEST_P(WrapperTest, SshMissing) {
  Start("/nonexistent/ssh", {"testhost"});
  ExpectFailure();
  EXPECT_THAT(terminal_->output(), HasSubstr("/nonexistent/ssh"));
}

TEST_P(WrapperTest, ServerMissingOnTheFarSide) {
  Start(sshd_.SshCommand(), {"--server=/nonexistent/mosh-server", "testhost"});
  ExpectFailure();
  EXPECT_THAT(terminal_->output(), HasSubstr("/nonexistent/mosh-server"));
  EXPECT_THAT(terminal_->output(), HasSubstr("installed mosh on your server"));
}

TEST_P(WrapperTest, BadPorts) {
  for (const char* port : {"70000", "60010:60000", "abc", "0:5"}) {
    SCOPED_TRACE(port);
    Start(sshd_.SshCommand(), {"-p", port, "testhost"});
    ExpectFailure();
    EXPECT_THAT(terminal_->output(), AllOf(HasSubstr("port"), HasSubstr("Server-side")));
  }
}

}  // namespace
}  // namespace mosh::e2e
