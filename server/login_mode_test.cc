// Starts this very program in a pty, as a Host does, and looks at what the session's program finds.
#include "server/login_mode.h"

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "io/reactor.h"
#include "io/task.h"

namespace mosh::server {
namespace {

control::NewSession Shell(const std::string& script) {
  control::NewSession request;
  for (const char* word : {"sh", "-c"}) request.add_command(word);
  request.add_command(script);
  request.add_environment("PATH=/usr/bin:/bin");
  request.add_environment("HOME=/");
  request.add_environment("KEPT=yes");
  return request;
}

class LoginModeTest : public testing::Test {
 protected:
  // All that the session's program writes.
  std::string Run(const control::NewSession& request, term::Size size = {100, 30}) {
    reactor_->Run(RunProgram(request, size));
    return text_;
  }
  io::Task<void> RunProgram(control::NewSession request, term::Size size) {
    absl::StatusOr<RunningProgram> program =
        LoginModeStarter(reactor_.get(), nullptr)(request, size);
    if (!program.ok()) {
      text_ = std::string(program.status().message());
      co_return;
    }
    std::vector<uint8_t> block(4096);
    while (true) {
      const absl::StatusOr<size_t> count = co_await program->pty->Read(block, {});
      if (!count.ok() || *count == 0) break;
      text_.append(block.begin(), block.begin() + static_cast<ptrdiff_t>(*count));
    }
    const absl::StatusOr<io::ExitStatus> status = co_await program->child->Wait({});
    status_ = *status;
  }

  std::unique_ptr<io::Reactor> reactor_ = *io::CreateReactor();
  std::string text_;
  io::ExitStatus status_;
};

TEST_F(LoginModeTest, ProgramFindsItsSurroundings) {
  EXPECT_EQ(Run(Shell("echo $TERM $PWD $KEPT ${NOTHING-none}; pwd; stty size; exit 3")),
            "xterm / yes none\r\n/\r\n30 100\r\n");
  EXPECT_EQ(status_, (io::ExitStatus{.signaled = false, .value = 3}));
}

TEST_F(LoginModeTest, ProgramLeadsASessionWithThisTerminalAndNoOtherDescriptor) {
  EXPECT_EQ(Run(Shell("test $(ps -o sid= -p $$) = $$ && : </dev/tty && echo leads; "
                      "stty -a | grep -o -e '-*iutf8'; ls /proc/self/fd | tr '\\n' ' '")),
            "leads\r\niutf8\r\n0 1 2 3 ");  // 3 is ls reading the folder
}

TEST_F(LoginModeTest, CoreLimitIsGivenBack) {
  control::NewSession request = Shell("ulimit -S -c");
  request.set_core_limit(0);
  EXPECT_EQ(Run(request), "0\r\n");
}

TEST_F(LoginModeTest, FailureToStartIsExplainedInTheSession) {
  control::NewSession request;
  request.add_command("/nowhere/program");
  request.add_environment("HOME=/nowhere");
  EXPECT_EQ(Run(request),
            "chdir: /nowhere: No such file or directory\r\n"
            "execvp: /nowhere/program: No such file or directory\r\n");
}

TEST_F(LoginModeTest, LoginShellIsTheUsersAndSeesTheMessageOfTheDay) {
  const Account account = {.name = "alice", .home = "/", .shell = "/bin/true"};
  const io::PtySpec spec = LoginModeSpec({}, {80, 24}, account);
  EXPECT_EQ(spec.child.argv,
            (std::vector<std::string>{"mosh-login", "shell", "-", "/", "/bin/true", "-true"}));
}

TEST_F(LoginModeTest, DirectoryCountsOnlyWithoutAHome) {
  control::NewSession request;
  request.set_directory("/tmp");
  EXPECT_EQ(LoginModeSpec(request, {80, 24}, {}).child.directory, "/tmp");
  EXPECT_EQ(
      LoginModeSpec(request, {80, 24}, {.name = "", .home = "/", .shell = ""}).child.directory, "");
}

}  // namespace
}  // namespace mosh::server

int main(int argc, char* argv[]) {
  const std::span<const char* const> args(argv, static_cast<size_t>(argc));
  if (mosh::server::IsLoginMode(args)) return mosh::server::RunLoginMode(args);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
