// Editors and lists: letters that are commands, lines that are opened and broken, vi and nano.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "predict/engine.h"
#include "predict/testing/stage.h"

namespace mosh::predict {
namespace {

TEST(EngineEditors, KeysInFlightAreGuessedAgainWhereTheServerPutTheFirst) {
  Stage stage;
  stage.Echo("text ");
  stage.Type("\x1b");
  stage.Type("o");  // a modal editor opens a line below
  stage.Type("a");
  stage.Type("b");
  stage.Type("c");
  stage.AnswerSome(2, "\r\n");
  EXPECT_EQ(stage.Row(1), "|");
  stage.Host("a");
  EXPECT_EQ(stage.Row(1), "abc|");
  EXPECT_EQ(stage.Row(0), "text x");
}

TEST(EngineEditors, TextAfterOpeningALineIsNotDrawnInTheOldRow) {
  Stage stage;
  stage.Echo("text ");
  stage.Type("\x1b");
  stage.Type("o");
  for (const char* key : {"a", "b", "c"}) {
    stage.Type(key);
    EXPECT_EQ(stage.Row(0), "text x|");
  }
  stage.Answer("\r\nabc");
  EXPECT_EQ(stage.Row(0), "text x");
  EXPECT_EQ(stage.Row(1), "abc|");
}

TEST(EngineEditors, EchoesThatCameWithTheRefutationAreNotGuessedTwice) {
  Stage stage;
  stage.Host("text\r");
  stage.Type("i");
  stage.Type("a");
  stage.Type("b");
  stage.AnswerSome(1, "\x1b[4ha");  // the echo of `a` is here already
  stage.Host("b");
  stage.Type("c");
  stage.Host("c");
  stage.Type("d");
  EXPECT_EQ(stage.Row(0), "abcd|text");
}

// Lines, vi's marks, and a mode line.
constexpr absl::string_view kModalScreen = "one\r\ntwo\r\nthree\r\n~\r\n~\r\n-- mode --\x1b[H";

TEST(EngineEditors, LetterThatMovesTheCursorIsACommand) {
  Stage stage;
  stage.Host(kModalScreen);
  stage.Type("j");
  stage.Answer("\x1b[2;1H");
  stage.Type("j");
  EXPECT_EQ(stage.Row(2), "|three");
  stage.Answer("\x1b[3;1H");
  stage.Type("k");  // not seen yet
  EXPECT_EQ(stage.Row(2), "|three");
  stage.Answer("\x1b[2;1H");
  stage.Type("k");
  EXPECT_EQ(stage.Row(0), "|one");
}

TEST(EngineEditors, DownDoesNotGoBeyondTheText) {
  Stage stage;
  stage.Host(kModalScreen);
  stage.Type("j");
  stage.Answer("\x1b[2;1H");
  stage.Type("j");
  stage.Answer("\x1b[3;1H");
  stage.Type("j");
  EXPECT_EQ(stage.Row(2), "|three");
}

TEST(EngineEditors, LineOpenedInAnEditorPushesTheOthersDown) {
  Stage stage;
  stage.Host(kModalScreen);
  const auto open = [&](absl::string_view position) {
    stage.Type("o");
    stage.Answer(absl::StrCat(position, "\x1b[1;5r", position, "\x1b[L\x1b[r", position));
  };
  stage.Type("j");
  stage.Answer("\x1b[2;1H");
  open("\x1b[3;1H");
  stage.Type("a");
  EXPECT_EQ(stage.Row(2), "|");  // first its echo
  stage.Answer("a");
  stage.Type("b");
  EXPECT_EQ(stage.Row(2), "ab|");
  stage.Answer("b");
  stage.Type("\x1b");  // not seen before: what follows waits for an echo again
  stage.Answer("\b");
  open("\x1b[4;1H");
  stage.Type("c");
  stage.Answer("c");
  stage.Type("\x1b");
  stage.Type("o");
  stage.Type("d");
  EXPECT_EQ(stage.Row(2), "ab");
  EXPECT_EQ(stage.Row(3), "c");
  EXPECT_EQ(stage.Row(4), "d|");
  EXPECT_EQ(stage.Row(5), "-- mode --");
}

TEST(EngineEditors, ModeLineFollowsLettersThatBeginTypingAndEscape) {
  Stage stage;
  stage.Host("one\r\ntwo\r\n~\r\n~\r\n~\x1b[H");
  stage.Host("\x1b[5;1H~\x1b[1;1H");
  for (int i = 0; i < 2; ++i) {
    stage.Type("i");
    stage.Answer("\x1b[6;1H-- EINFUEGEN --\x1b[1;1H");
    stage.Type("a");
    stage.Answer("\x1b[4ha\x1b[4l");
    stage.Type("\x1b");
    EXPECT_EQ(stage.Row(5), i == 0 ? "-- EINFUEGEN --" : "");
    stage.Answer("\x1b[6;1H\x1b[K\x1b[1;1H");
  }
  stage.Type("i");
  EXPECT_EQ(stage.Row(5), "-- EINFUEGEN --");
}

// vi in insert mode: its keys do what they do in every vi.
TEST(EngineEditors, ViIsKnownByItsModeLine) {
  Stage stage;
  stage.Host("one\r\ntwo\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;4H");
  stage.Type("s");
  stage.Answer("s");
  stage.Type("\r");
  stage.Type("a");
  EXPECT_EQ(stage.Row(1), "a|");
  EXPECT_EQ(stage.Row(2), "two");
  stage.Type("\x1b");
  EXPECT_EQ(stage.Row(1), "|a");
  EXPECT_EQ(stage.Row(5), "");
  stage.Type("j");
  EXPECT_EQ(stage.Row(2), "|two");
  stage.Type("A");
  stage.Type("x");
  EXPECT_EQ(stage.Row(2), "twox|");
  EXPECT_EQ(stage.Row(5), "-- INSERT --");
}

TEST(EngineEditors, KnownEditorShowsNothingBeforeAnEcho) {
  Stage stage;
  stage.Host("one\r\n~\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;4H");
  stage.Type("\r");
  stage.Type("a");
  EXPECT_EQ(stage.Row(0), "one|");
  EXPECT_EQ(stage.Row(1), "~");
}

// It may put the cursor below the indentation.
TEST(EngineEditors, ReturnInAnIndentedLineOfAKnownEditorIsNotSure) {
  Stage stage;
  stage.Host("  one\r\n~\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;6H");
  stage.Type("s");
  stage.Answer("s");
  stage.Type("\r");
  EXPECT_EQ(stage.Row(0), "  ones|");
}

TEST(EngineEditors, KeyThatFailsInAKnownEditorIsBelievedNoMore) {
  Stage stage;
  stage.Host("one\r\n~\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;4H");
  stage.Type("s");
  stage.Answer("s");
  stage.Type("\r");
  EXPECT_EQ(stage.Row(1), "|");
  stage.Answer("\x1b[2;5H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("\r");
  EXPECT_EQ(stage.Row(1), "~   a|");
}

TEST(EngineEditors, UpLeavesALineThatReturnBeganInAKnownEditor) {
  Stage stage({40, 8});
  stage.Host("edit\r\none\r\ntwo\r\n\r\n\r\n\r\n");
  stage.Host("^G Help ^O Write Out ^W Where Is\r\n^X Exit ^R Read File ^\\ Replace\x1b[2;4H");
  stage.Type("\r");
  stage.Answer("\x1b[2;6r\x1b[3;1H\x1b[L\x1b[r\x1b[3;1H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("\x1b[A");
  EXPECT_EQ(stage.Row(1), "o|ne");
}

// A shell that edits its line as vi does may say so, too; what it starts may ask for a password.
TEST(EngineEditors, ReturnBehindAPromptLeadsToTheUnknownWhateverTheModeLineSays) {
  Stage stage;
  stage.Host("\x1b[6;1H-- INSERT --\x1b[1;1H");
  stage.Host("\r\n");
  stage.Echo();
  stage.Type("\x1b[A");
  EXPECT_EQ(stage.Row(1), "$ x|");
  stage.Answer("");
  stage.Type("y");
  stage.Answer("y");
  stage.Type("\r");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "$ xy|");
  EXPECT_EQ(stage.Row(2), "");
}

TEST(EngineEditors, ProgramThatReadsLinesIsNoEditor) {
  Stage stage;
  stage.SetModes({.echo = true, .canonical = true, .foreground = 2});
  stage.Host("one\r\n~\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;4H");
  stage.Type("s");
  stage.Answer("s");
  stage.Type("\r");
  EXPECT_EQ(stage.Row(0), "ones|");
}

TEST(EngineEditors, NanoIsKnownByItsKeys) {
  Stage stage({40, 8});
  stage.Host("edit\r\none\r\ntwo\r\n\r\n\r\n\r\n");
  stage.Host("^G Help ^O Write Out ^W Where Is\r\n^X Exit ^R Read File ^\\ Replace\x1b[2;4H");
  stage.Type("s");
  stage.Answer("s");
  stage.Type("\r");
  stage.Type("a");
  EXPECT_EQ(stage.Row(2), "a|");
  EXPECT_EQ(stage.Row(3), "two");
}

TEST(EngineEditors, ReturnBreaksLinesInAnEditor) {
  Stage stage;
  stage.Host("one\r\n\r\n\r\n\r\n\r\n^X Exit\x1b[1;4H");
  stage.Type("\r");
  stage.Answer("\r\n");
  stage.Type("a");
  EXPECT_EQ(stage.Row(1), "|");  // first its echo
  stage.Answer("a");
  stage.Type("\r");
  stage.Type("b");
  EXPECT_EQ(stage.Row(1), "a");
  EXPECT_EQ(stage.Row(2), "b|");
}

TEST(EngineEditors, EditorsRowsAreForgottenWhenTheScreenShrinks) {
  Stage stage;
  stage.Host("one\r\n\r\n\r\n\r\n\r\n^X Exit\x1b[1;4H");
  stage.Type("\r");
  stage.Answer("\r\n");
  stage.Type("a");
  stage.Answer("a");
  stage.Resize({20, 3});
  stage.Host("\x1b[H\x1b[Jtwo\r\n\r\n^X Exit\x1b[1;4H");
  stage.Type("\r");  // lines are not pushed to rows that are gone
  stage.Answer("\r\n");
  stage.Type("b");
  stage.Answer("b");
  EXPECT_EQ(stage.Row(0), "two");
  EXPECT_EQ(stage.Row(1), "b|");
}

TEST(EngineEditors, ReturnBehindAPromptLeadsToTheUnknownWhateverIsBelow) {
  Stage stage;
  stage.Host("\r\n\r\n\r\n\r\n\r\n[0] shell\x1b[H");
  for (int row = 1; row < 4; ++row) {
    stage.Type("a");  // a program that reads lines
    stage.Answer("a");
    stage.Type("\r");
    stage.Answer("\r\n");
  }
  stage.Echo();
  stage.Type("\r");
  stage.Type("s");
  EXPECT_EQ(stage.Row(4), "");
  EXPECT_EQ(stage.Row(3), "$ x|");
}

}  // namespace
}  // namespace mosh::predict
