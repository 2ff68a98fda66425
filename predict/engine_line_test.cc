// Typing and editing one line, behind a prompt or elsewhere.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "predict/engine.h"
#include "predict/testing/stage.h"
#include "term/rendition.h"
#include "term/screen.h"

namespace mosh::predict {
namespace {

using namespace std::chrono_literals;

TEST(EngineLine, BothBackspacesErase) {
  Stage stage;
  stage.Echo("$ ab");
  stage.Type("\x08");
  EXPECT_EQ(stage.Row(0), "$ ab|");
  stage.Type("\x7f");
  EXPECT_EQ(stage.Row(0), "$ a|");
}

TEST(EngineLine, WideCharacterTakesTwoColumnsAndBackspaceTakesThemBack) {
  Stage stage;
  stage.Echo();
  stage.Type("\xe4\xb8\xad");
  stage.Type("b");
  EXPECT_EQ(stage.Row(0),
            "$ x\xe4\xb8\xad"
            "b|");
  stage.Type("\x7f\x7f");
  EXPECT_EQ(stage.Row(0), "$ x|");
}

TEST(EngineLine, CombiningMarkJoinsTheCharacterBefore) {
  Stage stage;
  stage.Echo();
  stage.Type("e");
  stage.Type("\xcc\x81");
  EXPECT_EQ(stage.Row(0), "$ xe\xcc\x81|");
  stage.Answer("e\xcc\x81");
  EXPECT_EQ(stage.engine().tally().wrong, 0);
  EXPECT_EQ(stage.Row(0), "$ xe\xcc\x81|");
}

TEST(EngineLine, PasteIsNotPredictedButDelimited) {
  Stage stage;
  stage.Echo();
  stage.Type("\x1b[200~rm -rf\x1b[201~");
  stage.Type("a");
  EXPECT_EQ(stage.Row(0), "$ x|");
  stage.Type(std::string(101, 'p'));
  EXPECT_EQ(stage.Row(0), "$ x|");
}

TEST(EngineLine, RightPromptStaysWhereItIs) {
  Stage stage({20, 3});
  stage.Echo("\x1b[1;15H12:00\r$ ");
  stage.Type("l");
  EXPECT_EQ(stage.Row(0), "$ xl|          12:00");
}

TEST(EngineLine, SuggestionIsTypedOver) {
  Stage stage;
  stage.Echo();
  stage.Type("g");
  stage.Answer("g\x1b[90mit push\x1b[m\x1b[7D");
  EXPECT_EQ(stage.Row(0), "$ xg|it push");
  stage.Type("i");
  EXPECT_EQ(stage.Row(0), "$ xgi|t push");
  stage.Type("n");
  EXPECT_EQ(stage.Row(0), "$ xgin| push");  // what is suggested now, the program knows
}

// It has words, and more of it is offered again as typed characters are taken back.
TEST(EngineLine, SuggestionStaysOneWhileTypingIsTakenBack) {
  Stage stage;
  stage.Echo();
  stage.Type("\x7f");
  stage.Answer("\b \b");
  stage.Type("m");
  stage.Answer("m\x1b[90make test all\x1b[m\x1b[4G");
  stage.Type("ake t");
  EXPECT_EQ(stage.Row(0), "$ make t|est all");
  stage.Type("\x7f\x7f\x7f");
  EXPECT_EQ(stage.Row(0), "$ mak|e test all");
  stage.Type("e b");
  EXPECT_EQ(stage.Row(0), "$ make b|est all");
}

TEST(EngineLine, RightAcceptsASuggestion) {
  Stage stage;
  stage.Echo();
  stage.Type("g");
  stage.Answer("g\x1b[90mit push\x1b[m\x1b[7D");
  stage.Type("\x1b[C");
  EXPECT_EQ(stage.Row(0), "$ xgit push|");
}

TEST(EngineLine, RowThatOverwritesIsLearned) {
  Stage stage;
  stage.Echo();
  stage.Host("bcdef\x1b[5D");
  stage.Type("q");
  stage.Answer("q");
  stage.Type("y");
  EXPECT_EQ(stage.Row(0), "$ xqy|def");
}

TEST(EngineLine, RowThatInsertsIsLearned) {
  Stage stage({40, 6}, {.display = Display::kAlways, .overwrite = true});
  stage.Echo();
  stage.Host("bcdef\r\x1b[3C\x1b[4h");
  stage.Type("q");
  stage.Answer("q");
  stage.Type("y");
  EXPECT_EQ(stage.Row(0), "$ xqy|bcdef");
}

TEST(EngineLine, EditingKeysAreBelievedBehindAPrompt) {
  Stage stage;
  stage.Echo();
  stage.Type("y");
  stage.Answer("y");
  stage.Type("\x01");
  EXPECT_EQ(stage.Row(0), "$ |xy");
  stage.Type("\x05");
  stage.Type(" b");
  stage.Type("\x17");
  EXPECT_EQ(stage.Row(0), "$ xy |");
  stage.Type("\x15");
  EXPECT_EQ(stage.Row(0), "$ |");
}

TEST(EngineLine, EditingKeyThatFailedIsHiddenUntilItWorks) {
  Stage stage;
  stage.Echo();
  stage.Type("\x01");
  stage.Answer("");  // a multiplexer's prefix
  stage.Type("y");
  stage.Answer("y");
  stage.Type("\x01");
  EXPECT_EQ(stage.Row(0), "$ xy|");
  stage.Answer("\x1b[3G");
  stage.Type("q");
  stage.Answer("\x1b[4hq");
  stage.Type("\x01");
  EXPECT_EQ(stage.Row(0), "$ |qxy");
}

// As the cursor stays where it is, only what is behind it tells that the key was answered.
TEST(EngineLine, KeyThatDeletesUnderTheCursorIsNotDoneTwice) {
  Stage stage;
  stage.Host("$ ");
  stage.Type("abc");
  stage.Answer("abc");
  stage.Type("\x1b[D\x1b[D");
  stage.Answer("\b\b");
  stage.Type("\x1b[3~");
  EXPECT_EQ(stage.Row(0), "$ a|c");
  stage.Host("\x1b[P");  // no echo ack yet
  EXPECT_EQ(stage.Row(0), "$ a|c");
}

TEST(EngineLine, RightArrowStopsAtTheEndOfText) {
  Stage stage;
  stage.Echo();
  stage.Type("\x1b[C");
  EXPECT_EQ(stage.Row(0), "$ x|");
  stage.Type("\x1b[D\x1b[C");
  EXPECT_EQ(stage.Row(0), "$ x|");
}

TEST(EngineLine, LeftArrowStopsAtThePrompt) {
  Stage stage;
  stage.Echo();
  stage.Type("\x1b[D\x1b[D\x1b[D");
  EXPECT_EQ(stage.Row(0), "$ |x");
}

// What Up brought began elsewhere.
TEST(EngineLine, LineFromTheHistoryBeginsWhereItIsNotKnown) {
  Stage stage;
  stage.Host("$ ");
  stage.Type("l");
  stage.Answer("l");
  stage.Type("\r");
  stage.Answer("\r\n$ ");
  stage.Type("\x1b[A");
  stage.Answer("echo hello");
  stage.Type("x");
  stage.Answer("x");
  stage.Type("\x15");
  stage.Type("t");
  EXPECT_EQ(stage.Row(1), "$ echo hellox|");
}

TEST(EngineLine, CtrlArrowMovesByAWord) {
  Stage stage;
  stage.Echo("$ one tw");
  stage.Type("\x1b[1;5D");
  EXPECT_EQ(stage.Row(0), "$ one twx|");  // where the line begins is not known
  stage.Answer("\x1b[7G");
  stage.Type("\x1b[1;5D");
  EXPECT_EQ(stage.Row(0), "$ one |twx");
}

TEST(EngineLine, WrapIsBelievedWhenItHasBeenSeen) {
  Stage stage({6, 3});
  stage.Echo("abc");
  stage.Type("e");
  EXPECT_EQ(stage.Row(0), "abcxe|");
  stage.Type("f");
  stage.Type("g");
  EXPECT_EQ(stage.Row(0), "abcxe|");
  stage.AnswerSome(2, "ef");  // waits behind the last column
  EXPECT_EQ(stage.Row(1), "g|");
}

TEST(EngineLine, TypingTakesTheColoursToItsLeft) {
  Stage stage;
  stage.engine().SetSendInterval(40ms);
  stage.Echo("\x1b[31m$ ");
  stage.Type("y");
  const term::Screen shown = stage.Shown();
  EXPECT_EQ(shown.rendition(shown.cell(0, 3)).foreground(), term::Color::Palette(1));
}

}  // namespace
}  // namespace mosh::predict
