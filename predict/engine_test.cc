// The engine's rules, one test each. A stage is a server's terminal and an engine that sees it; `|`
// marks the cursor in what is shown.
#include "predict/engine.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "term/terminal.h"
#include "term/terminal_modes.h"

namespace mosh::predict {
namespace {

using namespace std::chrono_literals;

class Stage {
 public:
  explicit Stage(term::Size size = {40, 6}, Settings settings = {.display = Display::kAlways})
      : terminal_(size, term::Dialect::kProgram), engine_(settings) {
    Look();
  }

  // The program writes; the client sees it, and no more than before is acknowledged.
  void Host(absl::string_view bytes) {
    terminal_.Feed(bytes);
    Look();
  }
  void Type(absl::string_view bytes) {
    engine_.SetLastSentState(sent_++);
    engine_.OnTyped(bytes, now_);
  }
  // All keys up to the newest have had their answer; the screen with it.
  void Answer(absl::string_view bytes) {
    ack_ = sent_;
    Host(bytes);
  }
  // The first `count` of the unanswered keys have had theirs.
  void AnswerSome(uint64_t count, absl::string_view bytes) {
    ack_ += count;
    Host(bytes);
  }
  // A prompt at which typing has been echoed: from here on guesses show.
  void Echo(absl::string_view before = "$ ") {
    Host(before);
    Type("x");
    Answer("x");
  }
  void Resize(term::Size size) {
    terminal_.Resize(size);
    Look();
  }

  std::string Row(int row) const {
    term::Screen frame = Shown();
    std::string text;
    for (int column = 0; column < frame.columns(); ++column) {
      if (frame.cursor().row == row && frame.cursor().column == column) text += '|';
      text += frame.CellText(row, column);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  term::Screen Shown() const {
    term::Screen frame = terminal_.Snapshot();
    engine_.Apply(frame);
    return frame;
  }
  // What the server says of the terminal from the next screen on.
  void SetModes(term::TerminalModes modes) { modes_ = modes; }
  Engine& engine() { return engine_; }
  void Pass(std::chrono::milliseconds time) { now_ += time; }
  Instant now() const { return now_; }

 private:
  void Look() { engine_.OnServerScreen(terminal_.screen(), ack_, now_, modes_); }

  term::Terminal terminal_;
  Engine engine_;
  Instant now_ = Instant::FromMillis(1000);
  uint64_t sent_ = 0;
  uint64_t ack_ = 0;
  std::optional<term::TerminalModes> modes_;
};

constexpr term::TerminalModes kShell = {.foreground = 1};
constexpr term::TerminalModes kAnotherProgram = {.foreground = 2};
constexpr term::TerminalModes kPassword = {.canonical = true, .foreground = 2};

// --- Showing and hiding -------------------------------------------------------------------------

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

TEST(Engine, FieldBelowWaitsForItsOwnEcho) {
  Stage stage;
  stage.SetModes(kShell);  // one program, key by key
  stage.Host("[    ] name\r\n[    ] password\x1b[1;2H");
  for (const char* name : {"x", "y"}) {
    stage.Type(name);
    stage.Answer(name);
    stage.Type("\x1b[B");
    stage.Answer("\x1b[B");
    stage.Type("\x1b[A");
    stage.Answer("\x1b[A");
  }
  stage.Type("z");
  stage.Answer("z");
  stage.Type("\x1b[B");
  EXPECT_EQ(stage.Row(1), "[   | ] password");  // the cursor's way is known
  stage.Answer("\x1b[B");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "[   | ] password");
}

TEST(Engine, KeysInFlightAreGuessedAgainWhereTheServerPutTheFirst) {
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

TEST(Engine, TextAfterOpeningALineIsNotDrawnInTheOldRow) {
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

TEST(Engine, EchoesThatCameWithTheRefutationAreNotGuessedTwice) {
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

TEST(Engine, MaskedPasswordIsNoEcho) {
  Stage stage;
  stage.Host("PIN: ");
  stage.Type("*");
  stage.Answer("*");
  stage.Type("s");
  EXPECT_EQ(stage.Row(0), "PIN: *|");
}

TEST(Engine, SamePromptAgainWaitsForItsOwnEcho) {
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

TEST(Engine, KnownPromptShowsAtOnceIfTheServerTellsWhoseItIs) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\r");
  stage.Host("\r\noutput\r\n$ ");  // before its echo ack
  stage.Type("l");
  EXPECT_EQ(stage.Row(2), "$ l|");
}

TEST(Engine, KnownPromptOfAnotherProgramIsNone) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\r");
  stage.SetModes(kAnotherProgram);
  stage.Answer("\r\n$ ");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "$ |");
}

TEST(Engine, KnownPromptIsNotTrustedWhileAnEarlierLineMayBeWaiting) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Echo();
  stage.Type("\r");
  stage.Type("su\r");  // what this one leads to is not on the screen yet
  stage.AnswerSome(1, "\r\n$ ");
  stage.Type("s");
  EXPECT_EQ(stage.Row(1), "$ |");
}

TEST(Engine, PromptThatHasNotMovedIsNoAnswer) {
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

TEST(Engine, NothingShowsWhereLinesAreAskedForWithoutEcho) {
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

TEST(Engine, AfterAPasswordTheShellsPromptIsKnown) {
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

TEST(Engine, WhatIsTypedAheadOfAPromptWaitsForItsEcho) {
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

// --- What keys do -------------------------------------------------------------------------------

TEST(Engine, BothBackspacesErase) {
  Stage stage;
  stage.Echo("$ ab");
  stage.Type("\x08");
  EXPECT_EQ(stage.Row(0), "$ ab|");
  stage.Type("\x7f");
  EXPECT_EQ(stage.Row(0), "$ a|");
}

TEST(Engine, WideCharacterTakesTwoColumnsAndBackspaceTakesThemBack) {
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

TEST(Engine, CombiningMarkJoinsTheCharacterBefore) {
  Stage stage;
  stage.Echo();
  stage.Type("e");
  stage.Type("\xcc\x81");
  EXPECT_EQ(stage.Row(0), "$ xe\xcc\x81|");
  stage.Answer("e\xcc\x81");
  EXPECT_EQ(stage.engine().tally().wrong, 0);
  EXPECT_EQ(stage.Row(0), "$ xe\xcc\x81|");
}

TEST(Engine, PasteIsNotPredictedButDelimited) {
  Stage stage;
  stage.Echo();
  stage.Type("\x1b[200~rm -rf\x1b[201~");
  stage.Type("a");
  EXPECT_EQ(stage.Row(0), "$ x|");
  stage.Type(std::string(101, 'p'));
  EXPECT_EQ(stage.Row(0), "$ x|");
}

TEST(Engine, RightPromptStaysWhereItIs) {
  Stage stage({20, 3});
  stage.Echo("\x1b[1;15H12:00\r$ ");
  stage.Type("l");
  EXPECT_EQ(stage.Row(0), "$ xl|          12:00");
}

TEST(Engine, SuggestionIsTypedOver) {
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
TEST(Engine, SuggestionStaysOneWhileTypingIsTakenBack) {
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

TEST(Engine, RightAcceptsASuggestion) {
  Stage stage;
  stage.Echo();
  stage.Type("g");
  stage.Answer("g\x1b[90mit push\x1b[m\x1b[7D");
  stage.Type("\x1b[C");
  EXPECT_EQ(stage.Row(0), "$ xgit push|");
}

TEST(Engine, RowThatOverwritesIsLearned) {
  Stage stage;
  stage.Echo();
  stage.Host("bcdef\x1b[5D");
  stage.Type("q");
  stage.Answer("q");
  stage.Type("y");
  EXPECT_EQ(stage.Row(0), "$ xqy|def");
}

TEST(Engine, RowThatInsertsIsLearned) {
  Stage stage({40, 6}, {.display = Display::kAlways, .overwrite = true});
  stage.Echo();
  stage.Host("bcdef\r\x1b[3C\x1b[4h");
  stage.Type("q");
  stage.Answer("q");
  stage.Type("y");
  EXPECT_EQ(stage.Row(0), "$ xqy|bcdef");
}

TEST(Engine, EditingKeysAreBelievedBehindAPrompt) {
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

TEST(Engine, EditingKeyThatFailedIsHiddenUntilItWorks) {
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

// --- Editors and lists --------------------------------------------------------------------------

// Lines, vi's marks, and a mode line.
constexpr absl::string_view kModalScreen = "one\r\ntwo\r\nthree\r\n~\r\n~\r\n-- mode --\x1b[H";

TEST(Engine, LetterThatMovesTheCursorIsACommand) {
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

TEST(Engine, DownDoesNotGoBeyondTheText) {
  Stage stage;
  stage.Host(kModalScreen);
  stage.Type("j");
  stage.Answer("\x1b[2;1H");
  stage.Type("j");
  stage.Answer("\x1b[3;1H");
  stage.Type("j");
  EXPECT_EQ(stage.Row(2), "|three");
}

TEST(Engine, LineOpenedInAnEditorPushesTheOthersDown) {
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

TEST(Engine, ModeLineFollowsLettersThatBeginTypingAndEscape) {
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
TEST(Engine, ViIsKnownByItsModeLine) {
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

TEST(Engine, KnownEditorShowsNothingBeforeAnEcho) {
  Stage stage;
  stage.Host("one\r\n~\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;4H");
  stage.Type("\r");
  stage.Type("a");
  EXPECT_EQ(stage.Row(0), "one|");
  EXPECT_EQ(stage.Row(1), "~");
}

// It may put the cursor below the indentation.
TEST(Engine, ReturnInAnIndentedLineOfAKnownEditorIsNotSure) {
  Stage stage;
  stage.Host("  one\r\n~\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;6H");
  stage.Type("s");
  stage.Answer("s");
  stage.Type("\r");
  EXPECT_EQ(stage.Row(0), "  ones|");
}

TEST(Engine, KeyThatFailsInAKnownEditorIsBelievedNoMore) {
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

TEST(Engine, UpLeavesALineThatReturnBeganInAKnownEditor) {
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
TEST(Engine, ReturnBehindAPromptLeadsToTheUnknownWhateverTheModeLineSays) {
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

TEST(Engine, ProgramThatReadsLinesIsNoEditor) {
  Stage stage;
  stage.SetModes({.echo = true, .canonical = true, .foreground = 2});
  stage.Host("one\r\n~\r\n~\r\n~\r\n~\r\n-- INSERT --\x1b[1;4H");
  stage.Type("s");
  stage.Answer("s");
  stage.Type("\r");
  EXPECT_EQ(stage.Row(0), "ones|");
}

TEST(Engine, NanoIsKnownByItsKeys) {
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

// As the cursor stays where it is, only what is behind it tells that the key was answered.
TEST(Engine, KeyThatDeletesUnderTheCursorIsNotDoneTwice) {
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

TEST(Engine, ReturnBreaksLinesInAnEditor) {
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

TEST(Engine, EditorsRowsAreForgottenWhenTheScreenShrinks) {
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

TEST(Engine, ReturnBehindAPromptLeadsToTheUnknownWhateverIsBelow) {
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

TEST(Engine, TabIsFollowedToTheRowWhereItWentBefore) {
  Stage stage;
  stage.Host("Name  __\r\nTown  __\r\nF1 help\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(0), "Name  |__");
  stage.Answer("\x1b[2;7H");
  stage.Type("\x1b[Z");
  stage.Answer("\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(1), "Town  |__");
  stage.Type("s");  // which may be a question for a password
  EXPECT_EQ(stage.Row(1), "Town  |__");
}

TEST(Engine, TabWithinTheRowIsFollowedWhenItWentThereTwice) {
  Stage stage;
  stage.Host("A  __  B  __\x1b[1;4H");
  for (int i = 0; i < 2; ++i) {
    stage.Type("\t");
    EXPECT_EQ(stage.Row(0), "A  |__  B  __");
    stage.Answer("\x1b[1;11H");
    stage.Type("\x1b[Z");
    stage.Answer("\x1b[1;4H");
  }
  stage.Type("\t");
  EXPECT_EQ(stage.Row(0), "A  __  B  |__");
}

// The screen may show already what was typed after the key that jumped.
TEST(Engine, JumpIsLearnedWhileOneTypesOn) {
  Stage stage;
  stage.Host("Name  __\r\nTown  __\r\nF1 help\x1b[1;7H");
  stage.Type("\t");
  stage.Type("a");
  stage.Type("b");
  stage.AnswerSome(1, "\x1b[2;7Ha");
  stage.AnswerSome(2, "b");
  stage.Type("\x1b[Z");
  stage.Answer("\x1b[1;7H");
  stage.Type("\t");
  EXPECT_EQ(stage.Row(1), "Town  |ab");
}

// A label that has echoed before, of the program that is known to have the terminal.
TEST(Engine, FieldThatTabLeadsToShowsAtOnceWhenTheCursorIsThere) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Name  ____\r\nTown  ____\r\nF1 help\x1b[2;7H");
  stage.Type("a");
  stage.Answer("a");
  for (int i = 0; i < 2; ++i) {
    stage.Type("\t");
    stage.Answer("\x1b[1;7H");
    stage.Type("b");
    stage.Answer("b");
    stage.Type("\t");
    stage.Answer("\x1b[2;7H");
    stage.Type("c");
    EXPECT_EQ(stage.Row(1), "Town  c|___");
    stage.Answer("c");
  }
}

// The key that filled it led there, not the next one, which is for the next field.
TEST(Engine, FieldThatFollowsAFullOneTakesTheNextKey) {
  Stage stage;
  stage.SetModes(kShell);
  stage.Host("Code  __\r\nTown  ____\r\nF1 help\x1b[2;7H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("\t");
  stage.Answer("\x1b[1;7H");
  stage.Type("1");
  stage.Answer("1");
  for (const char* key : {"2", "n", "e"}) stage.Type(key);
  stage.AnswerSome(1, "2\x1b[2;7H");
  EXPECT_EQ(stage.Row(1), "Town  |a___");
  stage.AnswerSome(1, "n");
  EXPECT_EQ(stage.Row(1), "Town  ne|__");
}

TEST(Engine, BackspaceLeavesTheFillerOfFieldsOnceSeen) {
  Stage stage;
  stage.Host("Name  ____\r\nF1 help\x1b[1;7H");
  stage.Type("a");
  stage.Answer("a");
  stage.Type("bc");
  stage.Answer("bc");
  stage.Type("\x7f");
  EXPECT_EQ(stage.Row(0), "Name  ab|c_");  // who knows
  stage.Answer("\b_\b");
  stage.Type("\x7f");
  EXPECT_EQ(stage.Row(0), "Name  a|___");
}

TEST(Engine, FieldThatIsFullIsNotTypedBeyond) {
  Stage stage;
  stage.Host("Code  ____\r\n\r\nF1 help\x1b[1;7H");
  stage.Type("1");
  stage.Answer("1");
  stage.Type("234");
  EXPECT_EQ(stage.Row(0), "Code  1234|");
  stage.Type("5");
  EXPECT_EQ(stage.Row(0), "Code  1234|");
}

// The echo of what was typed at the shell's prompt comes in one screen with the next program.
TEST(Engine, PromptIsThatOfTheProgramThatAsked) {
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

// --- More keys ----------------------------------------------------------------------------------

TEST(Engine, RightArrowStopsAtTheEndOfText) {
  Stage stage;
  stage.Echo();
  stage.Type("\x1b[C");
  EXPECT_EQ(stage.Row(0), "$ x|");
  stage.Type("\x1b[D\x1b[C");
  EXPECT_EQ(stage.Row(0), "$ x|");
}

TEST(Engine, LeftArrowStopsAtThePrompt) {
  Stage stage;
  stage.Echo();
  stage.Type("\x1b[D\x1b[D\x1b[D");
  EXPECT_EQ(stage.Row(0), "$ |x");
}

// What Up brought began elsewhere.
TEST(Engine, LineFromTheHistoryBeginsWhereItIsNotKnown) {
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

TEST(Engine, CtrlArrowMovesByAWord) {
  Stage stage;
  stage.Echo("$ one tw");
  stage.Type("\x1b[1;5D");
  EXPECT_EQ(stage.Row(0), "$ one twx|");  // where the line begins is not known
  stage.Answer("\x1b[7G");
  stage.Type("\x1b[1;5D");
  EXPECT_EQ(stage.Row(0), "$ one |twx");
}

TEST(Engine, WrapIsBelievedWhenItHasBeenSeen) {
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

TEST(Engine, TypingTakesTheColoursToItsLeft) {
  Stage stage;
  stage.engine().SetSendInterval(40ms);
  stage.Echo("\x1b[31m$ ");
  stage.Type("y");
  const term::Screen shown = stage.Shown();
  EXPECT_EQ(shown.rendition(shown.cell(0, 3)).foreground(), term::Color::Palette(1));
}

TEST(Engine, AnythingCanBeTypedBeforeAnythingWasShown) {
  Engine engine({.display = Display::kAlways});
  engine.OnTyped("abc\x1b[D\x7f", Instant::FromMillis(1));
  EXPECT_EQ(engine.pending(), 0);
}

}  // namespace
}  // namespace mosh::predict
