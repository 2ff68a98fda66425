// Commands with a live screen, on a pseudo-terminal.
#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/owned_fd.h"
#include "mgmt/ctl/screen_mirror.h"
#include "mgmt/ctl/testing/moshctl_runner.h"
#include "term/terminal.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

using testing::HasSubstr;
using testing::Not;

class LiveTest : public testing::Test {
 protected:
  LiveTest() {
    winsize size = {.ws_row = 10, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    int user = -1, terminal = -1;
    EXPECT_EQ(openpty(&user, &terminal, nullptr, nullptr, &size), 0);
    user_ = io::OwnedFd(user);
    terminal_ = io::OwnedFd(terminal);
    moshctl_.surroundings.terminal_in = moshctl_.surroundings.terminal_out = terminal;
    tcgetattr(terminal, &before_);
    moshctl_.StartAgent();
  }

  void Start(const std::vector<std::string>& arguments) {
    command_ = std::thread([this, arguments] { outcome_ = moshctl_.Run(arguments); });
  }
  // Reads what the command draws until the screen has `text`.
  void ExpectOnScreen(const std::string& text) {
    while (!absl::StrContains(Picture(), text)) {
      char bytes[4096];
      const ssize_t count = read(user_.get(), bytes, sizeof bytes);
      ASSERT_GT(count, 0) << "it ended, and showed\n" << Picture();
      drawn_.append(bytes, count);
      screen_.Feed(absl::string_view(bytes, count));
    }
  }
  void Type(const std::string& keys) {
    ASSERT_EQ(write(user_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // Waits for the command's end; the terminal must be as it was.
  Outcome End() {
    command_.join();
    char bytes[4096];
    fcntl(user_.get(), F_SETFL, O_NONBLOCK);
    for (ssize_t count; (count = read(user_.get(), bytes, sizeof bytes)) > 0;)
      drawn_.append(bytes, count);
    EXPECT_TRUE(drawn_.starts_with("\033[?1049h"));
    EXPECT_TRUE(drawn_.ends_with("\033[?25h\033[?1049l"));
    termios after;
    tcgetattr(terminal_.get(), &after);
    EXPECT_EQ(after.c_lflag, before_.c_lflag);
    EXPECT_EQ(after.c_iflag, before_.c_iflag);
    return outcome_;
  }
  std::string Picture() const {
    std::string picture;
    for (int row = 0; row < 10; ++row)
      absl::StrAppend(&picture, screen_.screen().RowText(row), "\n");
    return picture;
  }
  static fleet::ScreenFrame Frame(bool restart, const std::string& ansi) {
    fleet::ScreenFrame frame;
    frame.mutable_size()->set_columns(100);
    frame.mutable_size()->set_rows(30);
    frame.set_restart(restart);
    frame.set_ansi(ansi);
    return frame;
  }

  MoshctlRunner moshctl_;
  io::OwnedFd user_, terminal_;
  termios before_;
  std::thread command_;
  Outcome outcome_;
  std::string drawn_;
  term::Terminal screen_{{80, 10}, term::Dialect::kProgram};
};

TEST_F(LiveTest, TopShowsSessionsObeysKeysAndLeavesNothingBehind) {
  Start({"top"});
  ExpectOnScreen("cd56  carol  unheard, held");
  EXPECT_THAT(Picture(), HasSubstr("moshctl top   3 sessions: 1 attached, 1 detached, 1 unheard"));
  Type("\r");
  ExpectOnScreen("Session ab12");
  Type("\033");
  ExpectOnScreen("TITLE OR COM");
  Type("/bad\r");
  ExpectOnScreen("no field 'bad'");
  Type("/\x7f\x7f\x7fuser = \"x\"\r");
  ExpectOnScreen("filter: user = \"x\"");
  Type("q");
  EXPECT_EQ(End().code, 0);
  EXPECT_THAT(drawn_, Not(HasSubstr("evil\007")));
}

TEST_F(LiveTest, TopDoesntBeginWithAFilterThatIsNone) {
  Start({"top", "--filter", "bad"});
  command_.join();
  EXPECT_EQ(outcome_.code, 1);
  EXPECT_THAT(outcome_.err, HasSubstr("no field 'bad'"));
}

TEST_F(LiveTest, TopFollowsTheTerminalsSize) {
  Start({"top"});
  ExpectOnScreen("cd56  carol");
  const winsize size = {.ws_row = 6, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
  ioctl(user_.get(), TIOCSWINSZ, &size);
  Type("\033[B");
  screen_ = term::Terminal({40, 6}, term::Dialect::kProgram);
  screen_.Resize({40, 10});
  // In the last of its six rows, cut to its forty columns.
  ExpectOnScreen("q quit   ↑↓ choose   Enter details   s s\n\n\n\n\n");
  Type("\x03");
  EXPECT_EQ(End().code, 0);
}

TEST_F(LiveTest, FollowShowsThePartWithTheCursor) {
  moshctl_.fleet.frames = {Frame(true, "\033]0;evil\007\033[?1000hfirst\033[25;1Hdeep down"),
                           Frame(false, ", and more")};
  Start({"screen", "ab12", "--follow", "--reason", "help"});
  ExpectOnScreen("deep down, and more");
  EXPECT_THAT(Picture(), Not(HasSubstr("first")));
  Type("q");
  EXPECT_EQ(End().code, 0);
  EXPECT_THAT(drawn_, Not(HasSubstr("evil")));
  EXPECT_THAT(drawn_, Not(HasSubstr("1000h")));
}

TEST_F(LiveTest, FollowEndsWithItsSession) {
  moshctl_.fleet.frames = {Frame(true, "bye")};
  moshctl_.fleet.end_streams = true;
  Start({"screen", "ab12", "-f"});
  const Outcome outcome = End();
  EXPECT_THAT(drawn_, HasSubstr("bye"));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "moshctl: the session has ended\n");
}

TEST_F(LiveTest, FollowingWhatIsntThereDoesntTouchTheTerminal) {
  moshctl_.fleet.end_streams = true;
  Start({"screen", "nodes/n1/sessions/gone", "-f"});
  command_.join();
  EXPECT_EQ(outcome_.code, 2);
  EXPECT_THAT(outcome_.err, HasSubstr("there is no nodes/n1/sessions/gone"));
}

TEST_F(LiveTest, AReplayPausesAndEndsWithAKey) {
  const std::string path = moshctl_.directory() + "/a.cast";
  std::ofstream(path) << R"({"version": 2, "width": 80, "height": 10})"
                      << "\n"
                      << R"([0.0, "o", "\u001b]0;evil\u0007first"])"
                      << "\n"
                      << R"([3600.0, "o", " second"])"
                      << "\n"
                      << R"([7200.0, "r", "40x5"])"
                      << "\n"
                      << R"([7200.0, "o", "\u001bcthird"])"
                      << "\n"
                      << R"([7201.0, "o", "cut)";
  Start({"replay", path});
  ExpectOnScreen("first");
  Type(" ");
  ExpectOnScreen("paused");
  Type(".");
  ExpectOnScreen("first second");
  Type(".");
  Type(".");
  ExpectOnScreen("third");
  ExpectOnScreen("the end");
  Type("x");
  EXPECT_EQ(End().code, 0);
  EXPECT_THAT(drawn_, Not(HasSubstr("evil")));
}

TEST_F(LiveTest, AReplayCanBeQuick) {
  const std::string path = moshctl_.directory() + "/a.cast";
  std::ofstream(path) << R"({"version": 2, "width": 80, "height": 10})"
                      << "\n"
                      << R"([3600.0, "o", "late"])"
                      << "\n";
  Start({"replay", path, "--max-pause", "0.01"});
  ExpectOnScreen("late");
  ExpectOnScreen("the end");
  Type("\x03");
  EXPECT_EQ(End().code, 0);
}

TEST(PictureOf, IsCharactersColoursAndCursorOnly) {
  term::Terminal terminal({20, 2}, term::Dialect::kProgram);
  terminal.Feed("\033]0;title\007\033[?1000h\033[?2004h\007\033]52;c;eA==\007\033[31m漢a\033[?25l");
  const term::Screen picture = PictureOf(terminal.screen());
  EXPECT_EQ(picture.RowText(0), "漢a");
  EXPECT_TRUE(term::Screen::SameRow(picture, 0, terminal.screen(), 0));
  EXPECT_FALSE(picture.cursor().visible);
  EXPECT_EQ(picture.cursor().column, 3);
  EXPECT_EQ(picture.modes(), term::ScreenModes());
  EXPECT_FALSE(picture.title_set());
  EXPECT_EQ(picture.clipboard_count(), 0);
  EXPECT_EQ(picture.bell_count(), 0);
}

}  // namespace
}  // namespace mosh::mgmt::ctl
