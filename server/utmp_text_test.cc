#include "server/utmp_text.h"

#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

bool Exists(const std::string& line) { return line != "pts/9"; }

std::string Warning(std::vector<UtmpEntry> entries) {
  return DetachedSessionsWarning(
      {.entries = std::move(entries), .user = "ada", .own_line = "pts/0"}, Exists);
}

TEST(UtmpText, RecordTexts) {
  EXPECT_EQ(DetachedText(42), "mosh [42]");
  EXPECT_EQ(AttachedText("10.0.0.1", 42), "10.0.0.1 via mosh [42]");
}

TEST(UtmpText, NoWarningWithoutDetachedSessions) {
  EXPECT_EQ(Warning({}), "");
  EXPECT_EQ(Warning({{"ada", "10.0.0.1 via mosh [7]", "pts/1"}, {"ada", "host.example", "pts/2"}}),
            "");
}

TEST(UtmpText, OthersOwnAndDeadTerminalsDoNotCount) {
  EXPECT_EQ(Warning({{"bob", "mosh [7]", "pts/1"},
                     {"ada", "mosh [8]", "pts/0"},
                     {"ada", "mosh [9]", "pts/9"}}),
            "");
}

TEST(UtmpText, OneSession) {
  EXPECT_EQ(
      Warning({{"ada", "mosh [7]", "pts/1"}}),
      "\033[37;44mMosh: You have a detached Mosh session on this server (mosh [7]).\033[m\n\n");
}

TEST(UtmpText, SeveralSessions) {
  EXPECT_EQ(Warning({{"ada", "mosh [7]", "pts/1"}, {"ada", "mosh [8]", "pts/2"}}),
            "\033[37;44mMosh: You have 2 detached Mosh sessions on this server, with PIDs:\n"
            "        - mosh [7]\n"
            "        - mosh [8]\n"
            "\033[m\n");
}

TEST(UtmpText, OneOfOursComesWithItsCommand) {
  EXPECT_EQ(
      DetachedSessionsWarning({.ours = {{"k3x9z", "vim notes", "5 min"}}, .way_here = "ada@calc"},
                              Exists),
      "\033[37;44mMosh: You have a detached Mosh session on this server (k3x9z: vim notes, for "
      "5 min).\nTo pick it up: mosh --attach=k3x9z ada@calc\033[m\n\n");
}

TEST(UtmpText, OursAreNotToldOfTwice) {
  EXPECT_EQ(
      DetachedSessionsWarning(
          {.ours = {{"k3x9z", "vim", "5 min"}, {"m7777", "top", "2 d"}},
           .our_servers = {7, 8},
           .way_here = "ada@calc",
           .entries = {{"ada", "mosh [7]", "pts/1"}, {"ada", "mosh [5]", "pts/2"}},
           .user = "ada"},
          Exists),
      "\033[37;44mMosh: You have 2 detached Mosh sessions on this server:\n"
      "        - k3x9z: vim, for 5 min\n"
      "        - m7777: top, for 2 d\n"
      "To pick one up: mosh --attach=ID ada@calc\033[m\n\n"
      "\033[37;44mMosh: You have a detached Mosh session on this server (mosh [5]).\033[m\n\n");
}

}  // namespace
}  // namespace mosh::server
