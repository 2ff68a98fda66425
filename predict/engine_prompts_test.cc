// Prompts: which are known to echo, and what is never shown.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "predict/engine.h"
#include "predict/testing/stage.h"

namespace mosh::predict {
namespace {

TEST(EnginePrompts, MaskedPasswordIsNoEcho) {
  Stage stage;
  stage.Host("PIN: ");
  stage.Type("*");
  stage.Answer("*");
  stage.Type("s");
  EXPECT_EQ(stage.Row(0), "PIN: *|");
}

TEST(EnginePrompts, SamePromptAgainWaitsForItsOwnEcho) {
  for (const absl::string_view prompt : {"me@host:~$ ", "> ", "Name: "}) {
    Stage stage;
    for (int row = 0; row < 4; ++row) {
      stage.Echo(prompt);
      stage.Type("\r");
      stage.Answer("\r\n");
    }
    stage.Answer(prompt);
    stage.Type("s");
    EXPECT_EQ(stage.Row(4), absl::StrCat(prompt, "|"));
    stage.Answer("");  // no echo
    stage.Type("e");
    EXPECT_EQ(stage.Row(4), absl::StrCat(prompt, "|"));
  }
}

TEST(EnginePrompts, KnownPromptShowsAtOnceIfTheServerTellsWhoseItIs) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\r");
  stage.Host("\r\noutput\r\n$ ");  // before its echo ack
  stage.Type("l");
  EXPECT_EQ(stage.Row(2), "$ l|");
}

// On a long line Return is typed before anything of the command is echoed.
TEST(EnginePrompts, PromptIsKnownIfTheLineIsEchoedAfterItsReturnWasTyped) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("$ ");
  for (const char* key : {"l", "s", "\r"}) stage.Type(key);
  stage.AnswerSome(1, "l");
  stage.Answer("s\r\n$ ");
  stage.Type("c");
  EXPECT_EQ(stage.Row(1), "$ c|");
}

TEST(EnginePrompts, LineThatIsEchoedTellsNothingOfTheOneAfterIt) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("$ ");
  for (const char* key : {"l", "\r", "s", "\r", "a"}) stage.Type(key);
  stage.AnswerSome(1, "l");
  stage.AnswerSome(1, "\r\n> ");
  stage.AnswerSome(2, "\r\n$ ");  // whatever asked there may be asking again
  EXPECT_EQ(stage.Row(2), "$ |");
}

TEST(EnginePrompts, KnownPromptOfAnotherProgramIsNone) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\r");
  stage.SetModes(kAnotherProgram);
  stage.Answer("\r\n$ ");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "$ |");
}

TEST(EnginePrompts, KnownPromptIsNotTrustedWhileAnEarlierLineMayBeWaiting) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\r");
  stage.Type("su\r");  // what this one leads to is not on the screen yet
  stage.AnswerSome(1, "\r\n$ ");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "$ |");
}

TEST(EnginePrompts, PromptThatHasNotMovedIsNoAnswer) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\x7f");
  stage.Answer("\b \b");
  stage.Type("\r");
  stage.Answer("");  // the program is slow
  stage.Type("s");
  EXPECT_EQ(stage.Row(0), "$ |");
}

TEST(EnginePrompts, NothingShowsWhereLinesAreAskedForWithoutEcho) {
  Stage stage;
  stage.Echo();
  stage.Type("a");
  EXPECT_EQ(stage.Row(0), "$ xa|");
  stage.SetModes(kPassword);
  stage.Host("");
  EXPECT_EQ(stage.Row(0), "$ x|");
  // Not even what a program prints where it was typed is an echo.
  stage.Answer("a");
  stage.Type("b");
  EXPECT_EQ(stage.Row(0), "$ xa|");
}

TEST(EnginePrompts, AfterAPasswordTheShellsPromptIsKnown) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\r");
  stage.SetModes(kPassword);
  stage.Answer("\r\nPassword: ");
  stage.Type("s");
  stage.Answer("");
  stage.Type("\r");
  stage.SetModes(kShell);
  stage.Answer("\r\n$ ");
  stage.Type("l");
  EXPECT_EQ(stage.Row(2), "$ l|");
}

TEST(EnginePrompts, WhatIsTypedAheadOfAPromptWaitsForItsEcho) {
  Stage stage;
  stage.Echo();
  stage.Type("\r");
  stage.Type("l");
  stage.Type("s");
  EXPECT_EQ(stage.Row(0), "$ x|");
  stage.AnswerSome(1, "\r\n$ ");
  EXPECT_EQ(stage.Row(1), "$ |");
  stage.Host("l");
  EXPECT_EQ(stage.Row(1), "$ ls|");
}

// The echo of what was typed at the shell's prompt comes in one screen with the next program.
TEST(EnginePrompts, PromptIsThatOfTheProgramThatAsked) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("$ ");
  stage.Type("l");
  stage.SetModes(kAnotherProgram);
  stage.Answer("l");
  stage.Type("\r");
  stage.Answer("\r\n$ ");  // the other program's, which has not echoed anything
  stage.Type("S");
  EXPECT_EQ(stage.Row(1), "$ |");
}

}  // namespace
}  // namespace mosh::predict
