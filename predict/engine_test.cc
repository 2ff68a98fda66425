// What is shown and when it goes: echoes, refutations, speeds, counts; whatever is typed.
#include "predict/engine.h"

#include <gtest/gtest.h>

#include <chrono>

#include "predict/testing/stage.h"

namespace mosh::predict {
namespace {

using namespace std::chrono_literals;

TEST(Engine, FirstCharactersWaitForAnEcho) {
  Stage stage;
  stage.Host("$ ");
  stage.Type("ls");
  EXPECT_EQ(stage.Row(0), "$ |");
  stage.Host("l");
  EXPECT_EQ(stage.Row(0), "$ ls|");
}

TEST(Engine, EchoCountsBeforeItsEchoAck) {
  Stage stage;
  stage.Host("$ ");
  stage.Type("a");
  stage.Type("b");
  stage.Host("a");  // no echo ack yet
  EXPECT_EQ(stage.Row(0), "$ ab|");
}

TEST(Engine, NeverShowsAndKeepsNothing) {
  Stage stage({40, 6}, {.display = Display::kNever});
  stage.Echo();
  stage.Type("ls");
  EXPECT_EQ(stage.Row(0), "$ x|");
  EXPECT_EQ(stage.engine().pending(), 0);
}

TEST(Engine, AdaptiveHidesOnFastLines) {
  Stage stage({40, 6}, {});
  stage.engine().SetSendInterval(20ms);
  stage.Echo();
  stage.Type("l");
  EXPECT_EQ(stage.Row(0), "$ x|");
  stage.Pass(250ms);
  stage.engine().OnTime(stage.now());
  EXPECT_EQ(stage.Row(0), "$ xl|");
}

TEST(Engine, WakesWhenAGlitchBegins) {
  Stage stage({40, 6}, {});
  EXPECT_EQ(stage.engine().NextDeadline(stage.now()), Instant::Max());
  stage.Echo();
  stage.Type("l");
  EXPECT_EQ(stage.engine().NextDeadline(stage.now()), stage.now() + 250ms);
}

TEST(Engine, WrongGuessGoesAsSoonAsItIsAnswered) {
  Stage stage;
  stage.Echo();
  stage.Type("l");
  EXPECT_EQ(stage.Row(0), "$ xl|");
  stage.Answer("");
  EXPECT_EQ(stage.Row(0), "$ x|");
  EXPECT_EQ(stage.engine().tally().shown, 1);
  EXPECT_EQ(stage.engine().tally().wrong, 1);
  EXPECT_EQ(stage.engine().tally().correct, 0);
}

TEST(Engine, CountsWhatIsDrawnAndWhatBecomesOfIt) {
  Stage stage;
  const Tally& tally = stage.engine().tally();
  stage.Echo();
  EXPECT_EQ(tally.shown, 0) << "the first one was hidden";
  stage.Type("abc");
  EXPECT_EQ(tally.shown, 3);
  EXPECT_EQ(tally.correct + tally.wrong, 0);
  stage.AnswerSome(0, "a");
  EXPECT_EQ(tally.correct, 1) << "seen before its echo ack";
  stage.Answer("bc");
  EXPECT_EQ(tally.correct, 3);
  // A key that moves the cursor is no character.
  stage.Type("\x1b[D");
  stage.Answer("\b");
  EXPECT_EQ(tally.shown, 3);
  EXPECT_EQ(tally.wrong, 0);
}

TEST(Engine, CountsOnlyWhatWasDrawn) {
  Stage stage({40, 6}, {});  // adaptive, and the line is fast
  stage.engine().SetSendInterval(20ms);
  stage.Echo();
  stage.Type("l");
  EXPECT_EQ(stage.engine().tally().shown, 0);
  stage.Pass(250ms);
  stage.engine().OnTime(stage.now());
  EXPECT_EQ(stage.engine().tally().shown, 1) << "late, but before the answer";
  stage.Answer("l");
  EXPECT_EQ(stage.engine().tally().correct, 1);
}

TEST(Engine, WhatIsGivenUpIsNeitherRightNorWrong) {
  Stage stage;
  stage.Echo();
  stage.Type("ab");
  stage.Resize({50, 6});
  stage.Answer("ab");
  EXPECT_EQ(stage.engine().tally().shown, 2);
  EXPECT_EQ(stage.engine().tally().correct + stage.engine().tally().wrong, 0);
}

TEST(Engine, ScreenThatFitsNoGuessHidesThemBeforeTheEchoAck) {
  Stage stage;
  stage.Echo();
  stage.Type("l");
  stage.Host("\r\nNews\r\n");
  EXPECT_EQ(stage.Row(0), "$ x");
  EXPECT_EQ(stage.Row(2), "|");
}

TEST(Engine, CursorThatMovesByItselfHidesWhatFollows) {
  Stage stage;
  stage.Echo();
  stage.Host("\r\nPassword: ");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "Password: |");
}

TEST(Engine, TextBeforeTheCursorThatChangesByItselfHidesWhatFollows) {
  Stage stage;
  stage.Echo("");
  stage.Type("y");
  stage.Answer("y");
  stage.Host("\r$ ");  // the cursor is where it was
  stage.Type("s");
  EXPECT_EQ(stage.Row(0), "$ |");
}

TEST(Engine, TextBeforeTheCursorThatChangesWithAnEditHidesWhatFollows) {
  Stage stage;
  stage.Echo("ab");
  stage.Type("\x7f");
  stage.Answer("\r$ \x1b[K");  // the cursor is where it was guessed
  stage.Type("s");
  EXPECT_EQ(stage.Row(0), "$ |");
}

TEST(Engine, ResizeAndResetForgetGuesses) {
  Stage stage;
  stage.Echo();
  stage.Type("l");
  stage.Resize({30, 6});
  EXPECT_EQ(stage.Row(0), "$ x|");
  EXPECT_EQ(stage.engine().pending(), 0);
  stage.Type("l");
  stage.engine().Reset();
  EXPECT_EQ(stage.engine().pending(), 0);
}

TEST(Engine, LongSilenceIsBounded) {
  Stage stage;
  stage.Echo();
  for (int i = 0; i < 5000; ++i) stage.Type("y\x7f");
  EXPECT_LE(stage.engine().pending(), 512);
}

TEST(Engine, AnythingCanBeTypedBeforeAnythingWasShown) {
  Engine engine({.display = Display::kAlways});
  engine.OnTyped("abc\x1b[D\x7f", Instant::FromMillis(1));
  EXPECT_EQ(engine.pending(), 0);
}

}  // namespace
}  // namespace mosh::predict
