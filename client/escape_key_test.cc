#include "client/escape_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mosh::client {
namespace {

using ::testing::ElementsAre;
using Kind = KeyEvent::Kind;

KeyEvent Sent(std::string bytes) { return {Kind::kSend, std::move(bytes)}; }
KeyEvent Is(Kind kind) { return {kind, ""}; }

EscapeMachine With(std::optional<std::string> value) {
  return EscapeMachine(EscapeKey::FromEnvironment(value));
}

TEST(EscapeKey, ComesFromTheEnvironment) {
  EXPECT_EQ(EscapeKey::FromEnvironment(std::nullopt).Name(), "Ctrl-^");
  EXPECT_EQ(EscapeKey::FromEnvironment("~").Name(), "\"~\"");
  EXPECT_EQ(EscapeKey::FromEnvironment("\x18").Name(), "Ctrl-X");
  EXPECT_EQ(EscapeKey::FromEnvironment("").Name(), "");
  EXPECT_FALSE(EscapeKey::FromEnvironment("").enabled());
  for (const char* unusable : {"ab", "\x80", "é", "\x03", "\x04", "\n", "\x0c", "\r"}) {
    EXPECT_EQ(EscapeKey::FromEnvironment(unusable).Name(), "Ctrl-^");
  }
}

TEST(EscapeKey, HelpNamesTheKeys) {
  EXPECT_EQ(EscapeKey::FromEnvironment(std::nullopt).HelpLine(),
            "Commands: Ctrl-Z suspends, \".\" quits, \"^\" gives literal Ctrl-^");
  EXPECT_EQ(EscapeKey::FromEnvironment("~").HelpLine(),
            "Commands: Ctrl-Z suspends, \".\" quits, \"~\" gives literal \"~\"");
  EXPECT_EQ(EscapeKey::FromEnvironment("\x18").HelpLine(),
            "Commands: Ctrl-Z suspends, \".\" quits, \"X\" gives literal Ctrl-X");
}

TEST(EscapeMachine, PassesOrdinaryKeysInOneRun) {
  EXPECT_THAT(With(std::nullopt).Feed("hello\r\x03"), ElementsAre(Sent("hello\r\x03")));
  EXPECT_THAT(With(std::nullopt).Feed(""), ElementsAre());
}

TEST(EscapeMachine, QuitsAndDropsTheRest) {
  EXPECT_THAT(With(std::nullopt).Feed("a\x1e.b"),
              ElementsAre(Sent("a"), Is(Kind::kShowHelp), Is(Kind::kHideHelp), Is(Kind::kQuit)));
}

TEST(EscapeMachine, RemembersTheKeyAcrossReads) {
  EscapeMachine machine = With(std::nullopt);
  EXPECT_THAT(machine.Feed("\x1e"), ElementsAre(Is(Kind::kShowHelp)));
  EXPECT_THAT(machine.Feed(".x"), ElementsAre(Is(Kind::kHideHelp), Is(Kind::kQuit)));
}

TEST(EscapeMachine, Suspends) {
  EXPECT_THAT(
      With(std::nullopt).Feed("\x1e\x1axy"),
      ElementsAre(Is(Kind::kShowHelp), Is(Kind::kHideHelp), Is(Kind::kSuspend), Sent("xy")));
}

TEST(EscapeMachine, PassKeySendsTheKeyOnce) {
  EXPECT_THAT(With(std::nullopt).Feed("\x1e^"),
              ElementsAre(Is(Kind::kShowHelp), Is(Kind::kHideHelp), Sent("\x1e")));
  EXPECT_THAT(With("\x18").Feed("\x18x\x18X"),
              ElementsAre(Is(Kind::kShowHelp), Is(Kind::kHideHelp), Sent("\x18"),
                          Is(Kind::kShowHelp), Is(Kind::kHideHelp), Sent("\x18")));
}

TEST(EscapeMachine, AnythingElseSendsBoth) {
  EXPECT_THAT(With(std::nullopt).Feed("\x1eq"),
              ElementsAre(Is(Kind::kShowHelp), Is(Kind::kHideHelp), Sent("\x1eq")));
  // The escape key twice is one of these.
  EXPECT_THAT(With(std::nullopt).Feed("\x1e\x1e"),
              ElementsAre(Is(Kind::kShowHelp), Is(Kind::kHideHelp), Sent("\x1e\x1e")));
}

TEST(EscapeMachine, PrintableKeyCountsOnlyAfterALine) {
  EscapeMachine machine = With("~");
  EXPECT_THAT(machine.Feed("~."), ElementsAre(Sent("~.")));  // not at the start of the session
  EXPECT_THAT(machine.Feed("a~.\r"), ElementsAre(Sent("a~.\r")));
  EXPECT_THAT(machine.Feed("~"), ElementsAre(Is(Kind::kShowHelp)));
  EXPECT_THAT(machine.Feed("~"), ElementsAre(Is(Kind::kHideHelp), Sent("~")));
  EXPECT_THAT(machine.Feed("~."), ElementsAre(Sent("~.")));
  EXPECT_THAT(machine.Feed("\n~."),
              ElementsAre(Sent("\n"), Is(Kind::kShowHelp), Is(Kind::kHideHelp), Is(Kind::kQuit)));
}

TEST(EscapeMachine, DisabledKeyIsOrdinary) {
  EXPECT_THAT(With("").Feed("\r\x1e.\r~."), ElementsAre(Sent("\r\x1e.\r~.")));
}

TEST(EscapeMachine, FormFeedRepaintsAndIsSent) {
  EXPECT_THAT(With(std::nullopt).Feed("\x0c"), ElementsAre(Is(Kind::kRepaint), Sent("\x0c")));
}

}  // namespace
}  // namespace mosh::client
