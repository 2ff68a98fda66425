// How sessions end: each way leaves no process, no changed terminal line, no utmp entry.
#include <signal.h>

#include <string>

#include "absl/strings/str_join.h"
#include "e2e/mosh_session.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class EndingTest : public testing::TestWithParam<Pairing> {
 protected:
  // A session at its first prompt, with a grandchild under the shell that must not survive either.
  void Start(Environment extra = {}) {
    session_ = std::make_unique<MoshSession>(
        GetParam(), MoshSession::Options{.command = {"/bin/sh", "-c", "sleep 3600 & exec /bin/sh"},
                                         .extra = std::move(extra)});
    ASSERT_TRUE(terminal().WaitForText("$")) << session_->Describe();
  }
  TerminalProgram& terminal() { return session_->terminal(); }

  // The state of the terminal line and of the screen, as the user's shell finds it.
  void ExpectTerminalRestored() {
    EXPECT_EQ(ModesDifference(terminal().initial_modes(), terminal().modes()), "");
    const VtermScreen& screen = terminal().screen();
    EXPECT_FALSE(screen.alternate_screen());
    EXPECT_TRUE(screen.cursor_visible());
    EXPECT_EQ(screen.mouse_mode(), 0);
    EXPECT_FALSE(screen.private_mode(1)) << "application cursor keys are still on";
    if (GetParam().client_is_ours()) {
      EXPECT_FALSE(screen.private_mode(2004)) << "bracketed paste is still on";
      EXPECT_FALSE(screen.private_mode(1004)) << "focus events are still on";
    }
  }

  void ExpectNothingLeft() {
    EXPECT_THAT(session_->Strays(), IsEmpty());
    EXPECT_THAT(UtmpEntriesOf(session_->server().pid()), IsEmpty());
  }

  std::unique_ptr<MoshSession> session_;
};

INSTANTIATE_TEST_SUITE_P(, EndingTest, testing::ValuesIn(PairingsUnderTest()),
                         [](const auto& info) { return info.param.Name(); });

TEST_P(EndingTest, QuitByEscapeKey) {
  Start();
  EXPECT_TRUE(session_->Quit()) << session_->Describe();
  EXPECT_EQ(terminal().process().ExitCode(), 0);
  EXPECT_THAT(terminal().output(), HasSubstr("[mosh is exiting.]"));
  ExpectTerminalRestored();
  ExpectNothingLeft();
}

TEST_P(EndingTest, ShellEnds) {
  Start();
  terminal().Type("kill %1; exit 5\r");
  EXPECT_TRUE(terminal().WaitExit()) << session_->Describe();
  EXPECT_EQ(terminal().process().ExitCode(), 0);
  EXPECT_TRUE(session_->server().WaitExit(Patience()));
  ExpectTerminalRestored();
}

TEST_P(EndingTest, LastWordsOfTheCommandAreShown) {
  MoshSession session(
      GetParam(),
      {.command = {"/bin/sh", "-c", "stty -echo; read x; seq 1 50000; echo last-words"}});
  session.terminal().Type("go\r");
  EXPECT_TRUE(session.terminal().WaitExit()) << session.Describe();
  EXPECT_THAT(session.terminal().output(), HasSubstr("last-words"));
}

TEST_P(EndingTest, ServerTerminated) {
  Start();
  session_->server().Signal(SIGTERM);
  EXPECT_TRUE(terminal().WaitExit()) << session_->Describe();
  EXPECT_EQ(terminal().process().ExitCode(), 0);
  EXPECT_TRUE(session_->server().WaitExit(Patience()));
  ExpectTerminalRestored();
}

TEST_P(EndingTest, ClientTerminated) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    SCOPED_TRACE(strsignal(number));
    Start();
    terminal().process().Signal(number);
    EXPECT_TRUE(terminal().WaitExit()) << session_->Describe();
    EXPECT_EQ(terminal().process().ExitCode(), 0);
    EXPECT_TRUE(session_->server().WaitExit(Patience()));
    ExpectTerminalRestored();
  }
}

TEST_P(EndingTest, TerminalClosed) {
  Start();
  terminal().HangUp();
  EXPECT_TRUE(terminal().process().WaitExit(Patience())) << session_->Describe();
  EXPECT_TRUE(session_->server().WaitExit(Patience()));
  EXPECT_THAT(UtmpEntriesOf(session_->server().pid()), IsEmpty());
}

TEST_P(EndingTest, ModesSetByTheProgramAreReset) {
  Start();
  terminal().Type(R"(printf '\033[?1000h\033[?1006h\033[?2004h\033[?1004h\033[?25lmodes''-set')"
                  "\r");
  ASSERT_TRUE(terminal().WaitForText("modes-set")) << session_->Describe();
  ASSERT_TRUE(terminal().WaitFor([](const VtermScreen& s) { return s.mouse_mode() != 0; }))
      << session_->Describe();
  EXPECT_TRUE(session_->Quit()) << session_->Describe();
  ExpectTerminalRestored();
}

TEST_P(EndingTest, SuspendAndContinue) {
  // In a shell with job control, as a user does it.
  Start();
  terminal().Type("echo before\r");
  ASSERT_TRUE(terminal().WaitForText("\nbefore")) << session_->Describe();
  terminal().Type("\x1e\x1a");
  ASSERT_TRUE(terminal().WaitFor([](const VtermScreen& s) { return !s.alternate_screen(); }))
      << session_->Describe();
  EXPECT_TRUE(terminal().WaitForText("[mosh is suspended.]")) << session_->Describe();
  EXPECT_EQ(ModesDifference(terminal().initial_modes(), terminal().modes()), "");
  ASSERT_TRUE(terminal().process().WaitStopped(Patience()));
  terminal().process().Signal(SIGCONT);
  EXPECT_TRUE(terminal().WaitForText("\nbefore")) << session_->Describe();
  terminal().Type("echo after\r");
  EXPECT_TRUE(terminal().WaitForText("\nafter")) << session_->Describe();
  EXPECT_TRUE(session_->Quit()) << session_->Describe();
  ExpectTerminalRestored();
}

// The client dies without a word: the session is alive and waits, as it does when a laptop's
// battery is empty, and ends when it is told to.
TEST_P(EndingTest, ClientKilled) {
  Start();
  terminal().process().Signal(SIGKILL);
  ASSERT_TRUE(terminal().process().WaitExit(Patience()));
  EXPECT_FALSE(session_->server().Exited());
  session_->server().Signal(SIGTERM);
  EXPECT_TRUE(session_->server().WaitExit(Patience()));
  EXPECT_THAT(UtmpEntriesOf(session_->server().pid()), IsEmpty());
}

// The server dies without a word: the kernel hangs up its shell; the client can still be left.
TEST_P(EndingTest, ServerKilled) {
  Start();
  session_->server().Signal(SIGKILL);
  ASSERT_TRUE(session_->server().WaitExit(Patience()));
  terminal().Type("\x1e.");
  EXPECT_TRUE(terminal().WaitExit()) << session_->Describe();
  EXPECT_EQ(terminal().process().ExitCode(), 1);
  EXPECT_THAT(terminal().output(), HasSubstr("did not shut down cleanly"));
  ExpectTerminalRestored();
  // Stock can't take its entry back once it has been killed.
  if (GetParam().server_is_ours()) {
    EXPECT_THAT(UtmpEntriesOf(session_->server().pid()), IsEmpty());
  }
}

}  // namespace
}  // namespace mosh::e2e
