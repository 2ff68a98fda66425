// Real ptys and real processes: what a program in a session finds.
#include "server/login.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosh::server {
namespace {

class Login : public testing::Test {
 protected:
  ~Login() override {
    if (process_.release >= 0) close(process_.release);
    if (pty_.master >= 0) close(pty_.master);
    if (process_.pid > 0) waitpid(process_.pid, nullptr, 0);
  }

  Login() {
    // Other sessions of this machine are no business of a test's.
    setenv("XDG_RUNTIME_DIR", getenv("TEST_TMPDIR"), 1);
    setenv("MOSHD_SOCKET", "", 1);
  }

  void Start(LoginPlan plan) {
    pty_ = *OpenPty(100, 30);
    rlimit core;
    getrlimit(RLIMIT_CORE, &core);
    process_ = *StartLogin(std::move(plan), pty_, core, [] {});
  }
  void Release() {
    ASSERT_EQ(write(process_.release, "ab3de", 5), 5);
    close(std::exchange(process_.release, -1));
  }
  // Everything the program writes until it closes its terminal.
  std::string ReadAll() {
    std::string text;
    char block[4096];
    ssize_t size;
    while ((size = read(pty_.master, block, sizeof block)) > 0) text.append(block, size);
    return text;
  }
  bool Silent() {
    pollfd poll_master = {pty_.master, POLLIN, 0};
    return poll(&poll_master, 1, 0) == 0;
  }
  static LoginPlan Shell(const std::string& script, Environment environment = {}) {
    environment.Set("HOME", "/");
    if (!environment.Get("PATH")) environment.Set("PATH", "/usr/bin:/bin");
    const std::vector<std::string> command = {"sh", "-c", script};
    return PlanLogin(command, 256, Account(), std::move(environment));
  }

  PtyPair pty_;
  LoginProcess process_;
};

TEST_F(Login, NothingRunsBeforeTheRelease) {
  Start(Shell("echo ran"));
  EXPECT_TRUE(Silent());
  Release();
  EXPECT_EQ(ReadAll(), "ran\r\n");
}

TEST_F(Login, LeavesWithoutATraceWhenTheServerGoes) {
  Start(Shell("echo ran"));
  close(std::exchange(process_.release, -1));
  EXPECT_EQ(ReadAll(), "");
  int status = -1;
  ASSERT_EQ(waitpid(std::exchange(process_.pid, -1), &status, 0) > 0, true);
  EXPECT_EQ(status, 0);
}

TEST_F(Login, ProgramFindsItsSurroundings) {
  Start(Shell(
      "echo $TERM $PWD $NCURSES_NO_UTF8_ACS ${STY-none} $KEPT $MOSH_SESSION_ID; pwd; stty size",
      Environment({"STY=1.x", "KEPT=yes", "MOSH_SESSION_ID=outer"})));
  Release();
  EXPECT_EQ(ReadAll(), "xterm-256color / 1 none yes ab3de\r\n/\r\n30 100\r\n");
}

TEST_F(Login, TerminalErasesWholeCharacters) {
  Start(Shell("stty -a | grep -o -e '-*iutf8'"));
  Release();
  EXPECT_EQ(ReadAll(), "iutf8\r\n");
}

TEST_F(Login, ProgramLeadsASessionWithThisTerminal) {
  Start(
      Shell("ps -o sid= -p $$ | tr -d ' '; echo $$; test -c /dev/tty && : </dev/tty && echo tty"));
  Release();
  const std::string pid = absl::StrCat(process_.pid, "\r\n");
  EXPECT_EQ(ReadAll(), absl::StrCat(pid, pid, "tty\r\n"));
}

TEST_F(Login, ProgramInheritsNoDescriptors) {
  Start(Shell("ls /proc/self/fd | tr '\\n' ' '"));
  Release();
  EXPECT_EQ(ReadAll(), "0 1 2 3 ");  // 3 is ls reading the folder
}

TEST_F(Login, FailureToStartIsExplained) {
  const std::vector<std::string> command = {"/nowhere/program"};
  Start(PlanLogin(command, 0, Account(), Environment({"HOME=/nowhere"})));
  Release();
  EXPECT_EQ(ReadAll(),
            "chdir: /nowhere: No such file or directory\r\n"
            "execvp: /nowhere/program: No such file or directory\r\n");
}

TEST_F(Login, HushloginSilencesTheLoginShell) {
  std::string home = absl::StrCat(getenv("TEST_TMPDIR"), "/hush");
  ASSERT_EQ(system(absl::StrCat("mkdir -p ", home, " && touch ", home, "/.hushlogin").c_str()), 0);
  Start(PlanLogin({}, 0, Account(), Environment({absl::StrCat("HOME=", home), "SHELL=/bin/true"})));
  Release();
  EXPECT_EQ(ReadAll(), "");
}

TEST_F(Login, LoginShellSeesTheMessageOfTheDay) {
  std::string motd;
  std::getline(std::ifstream("/etc/motd"), motd);
  Start(PlanLogin({}, 0, Account(), Environment({"HOME=/", "SHELL=/bin/true"})));
  Release();
  EXPECT_TRUE(absl::StrContains(ReadAll(), motd));
}

TEST_F(Login, HangupIsNotIgnored) {
  Start(Shell("trap 'echo hup' HUP; kill -HUP $$"));
  Release();
  EXPECT_EQ(ReadAll(), "hup\r\n");
}

}  // namespace
}  // namespace mosh::server
