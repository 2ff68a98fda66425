#include "client/terminal_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mosh::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(TerminalType, KnowsXterm) {
  const auto type = LookUpTerminalType("xterm-256color");
  ASSERT_TRUE(type.ok()) << type.status();
  EXPECT_TRUE(type->ech);
  EXPECT_TRUE(type->bce);
  EXPECT_TRUE(type->title);
  EXPECT_EQ(type->colors, 256);
  EXPECT_THAT(type->enter, StartsWith("\x1b[?1049h"));
  EXPECT_THAT(type->leave, StartsWith("\x1b[?1049l"));
}

TEST(TerminalType, KnowsWhatOthersLack) {
  const auto vt100 = LookUpTerminalType("vt100");
  ASSERT_TRUE(vt100.ok()) << vt100.status();
  EXPECT_FALSE(vt100->ech);
  EXPECT_FALSE(vt100->bce);
  EXPECT_FALSE(vt100->title);
  EXPECT_EQ(vt100->colors, -1);
  EXPECT_EQ(vt100->enter, "");
  const auto linux_console = LookUpTerminalType("linux");
  ASSERT_TRUE(linux_console.ok()) << linux_console.status();
  EXPECT_EQ(linux_console->colors, 8);
  EXPECT_FALSE(linux_console->title);
}

TEST(TerminalType, SynchronizedOutputIsKnownByName) {
  for (const char* term : {"xterm-kitty", "foot", "foot-extra", "alacritty-direct", "wezterm"}) {
    EXPECT_TRUE(SynchronizesOutput(term)) << term;
  }
  // Many terminals that lack it go by these.
  for (const char* term : {"xterm-256color", "xterm", "linux", "screen", "tmux-256color", ""}) {
    EXPECT_FALSE(SynchronizesOutput(term)) << term;
  }
  EXPECT_FALSE(LookUpTerminalType("xterm-256color")->synchronized_output);
}

TEST(TerminalType, RefusesUnknownOnes) {
  EXPECT_EQ(LookUpTerminalType("no-such-terminal").status().message(), "Unknown terminal type.");
  EXPECT_EQ(LookUpTerminalType("").status().message(), "Unknown terminal type.");
  EXPECT_EQ(TerminfoComplaint("zork"), "'zork': unknown terminal type.");
}

TEST(TerminalType, StartAndEndStrings) {
  const TerminalType type = {.title = true, .enter = "<in>", .leave = "<out>"};
  EXPECT_EQ(StartString(type, true), "<in>\x1b[?1h");
  EXPECT_EQ(StartString(type, false), "\x1b[?1h");
  EXPECT_THAT(EndString(type, true),
              StartsWith("\x1b[?1l\x1b[0m\x1b[?25h\x1b[?1003l\x1b[?1002l\x1b[?1001l\x1b[?1000l"
                         "\x1b[?1015l\x1b[?1006l\x1b[?1005l"));
  for (const char* reset : {"\x1b[?9l", "\x1b[?1004l", "\x1b[?2004l", "\x1b[?5l", "\x1b[0 q"}) {
    EXPECT_THAT(EndString(type, true), HasSubstr(reset));
  }
  EXPECT_THAT(EndString(type, true), ::testing::EndsWith("<out>"));
  EXPECT_THAT(EndString(type, false), ::testing::Not(HasSubstr("<out>")));
}

}  // namespace
}  // namespace mosh::client
