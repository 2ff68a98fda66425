// What the program dialect does beyond, or better than, stock (docs/spec/conformance.md, part C).
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "term/sgr.h"
#include "term/terminal.h"
#include "term/testing/screen_invariants.h"

namespace mosh::term {
namespace {

class ProgramTerminal : public ::testing::Test {
 protected:
  // Rows joined by '|', trailing blank rows left out.
  std::string Text() const {
    std::string text;
    size_t length = 0;
    for (int row = 0; row < terminal_.screen().rows(); ++row) {
      text += terminal_.screen().RowText(row);
      if (!text.empty() && text.back() != '|') length = text.size();
      text += '|';
    }
    return text.substr(0, length);
  }
  std::string After(absl::string_view bytes) {
    terminal_.Feed(bytes);
    EXPECT_EQ(BrokenInvariant(terminal_.screen()), "");
    return Text();
  }
  std::string Reply(absl::string_view query) {
    terminal_.Feed(query);
    return terminal_.TakeReplies();
  }
  std::string Place() const {
    return absl::StrCat(terminal_.screen().cursor().row, ",", terminal_.screen().cursor().column);
  }
  std::string Sgr(int row, int column) const {
    return SgrParameters(terminal_.screen().rendition(terminal_.screen().cell(row, column)));
  }
  Terminal terminal_{Size{20, 6}, Dialect::kProgram};
};

TEST_F(ProgramTerminal, AlternateScreenGivesTheOldPictureBack) {
  EXPECT_EQ(After("shell\x1b[2;3H\x1b[31m\x1b[?1049h"), "");
  EXPECT_EQ(Place(), "1,2");
  EXPECT_TRUE(terminal_.details().alternate_screen);
  EXPECT_EQ(After("\x1b[Hvim\x1b[0m"), "vim");
  EXPECT_EQ(After("\x1b[?1049l"), "shell");
  EXPECT_EQ(Place(), "1,2");
  EXPECT_EQ(SgrParameters(terminal_.screen().current_rendition()), "0;31");
}

TEST_F(ProgramTerminal, AlternateScreenBeginsBlankEachTime) {
  EXPECT_EQ(After("\x1b[?1049hold\x1b[?1049l\x1b[?1049h"), "");
  EXPECT_EQ(After("\x1b[?1049l\x1b[?47hkept\x1b[?47l\x1b[?47h"), "kept");
}

TEST_F(ProgramTerminal, HiddenScreenIsResizedWithTheShownOne) {
  After("one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\x1b[?1049h");
  terminal_.Resize({4, 3});
  EXPECT_EQ(After("\x1b[?1049l"), "four|five|six");
  EXPECT_EQ(Place(), "2,3");
}

TEST_F(ProgramTerminal, StrayLeaveOfTheAlternateScreenDoesNotMoveTheCursor) {
  EXPECT_EQ(After("abc\x1b[?1049lX"), "abcX");
}

TEST_F(ProgramTerminal, NextAndPreviousLine) { EXPECT_EQ(After("ab\x1b[2E1\x1b[F2"), "ab|2|1"); }

TEST_F(ProgramTerminal, SaveAndRestoreKeepsAPendingWrap) {
  After("abcdefghijklmnopqrst\x1b[s\x1b[H\x1b[u");
  EXPECT_TRUE(terminal_.details().pending_wrap);
  EXPECT_EQ(After("Z"), "abcdefghijklmnopqrst|Z");
}

TEST_F(ProgramTerminal, RepeatsTheLastCharacter) {
  EXPECT_EQ(After("a\x1b[3b"), "aaaa");
  EXPECT_EQ(After("\r\n中\x1b[1m\x1b[2b"), "aaaa|中中中");
  After("\x1b[65535b");  // Bounded by the screen.
}

TEST_F(ProgramTerminal, LineDrawing) {
  EXPECT_EQ(After("\x1b(0lqk\x1b(Bq\x1b)0\x0ex\x0fx"), "┌─┐q│x");
  EXPECT_EQ(After("\r\n\x1b*0\x1bNqq\x1b(A#\x1b%G"), "┌─┐q│x|─q£");
}

TEST_F(ProgramTerminal, ColonAndSemicolonColors) {
  After("\x1b[38:2::1:2:3;48:5:9ma\x1b[0;4:3mb\x1b[0;38:2:1:2:3mc\x1b[0;58:5:1;1md");
  EXPECT_EQ(Sgr(0, 0), "0;38;2;1;2;3;48;5;9");
  EXPECT_EQ(Sgr(0, 1), "0;4:3");
  EXPECT_EQ(Sgr(0, 2), "0;38;2;1;2;3");
  EXPECT_EQ(Sgr(0, 3), "0;1");
}

TEST_F(ProgramTerminal, AttributesBeyondStock) {
  After("\x1b[2;9;21;53ma\x1b[22;29;24;55mb\x1b[1;2mc\x1b[22md\x1b[58;2;1;2;3;3me");
  EXPECT_EQ(Sgr(0, 0), "0;2;9;21;53");
  EXPECT_EQ(Sgr(0, 1), "0");
  EXPECT_EQ(Sgr(0, 3), "0");
  EXPECT_EQ(Sgr(0, 4), "0;3");
}

TEST_F(ProgramTerminal, AnswersQueries) {
  EXPECT_EQ(Reply("\x1b[c"), "\x1b[?62;22c");
  EXPECT_EQ(Reply("\x1b[>q"), "\x1bP>|mosh-fleet\x1b\\");
  EXPECT_EQ(Reply("\x1b[=c"), "\x1bP!|00000000\x1b\\");
  EXPECT_EQ(Reply("\x1b[18t"), "\x1b[8;6;20t");
  EXPECT_EQ(Reply("\x1b[?2026$p"), "\x1b[?2026;2$y");
  EXPECT_EQ(Reply("\x1b[?2026h\x1b[?2026$p"), "\x1b[?2026;1$y");
  EXPECT_EQ(Reply("\x1b[?9999$p\x1b[4$p"), "\x1b[?9999;0$y\x1b[4;2$y");
  EXPECT_EQ(Reply("\x1b[1;31m\x1bP$qm\x1b\\"), "\x1bP1$r0;1;31m\x1b\\");
  EXPECT_EQ(Reply("\x1b[2;4r\x1bP$qr\x1b\\"), "\x1bP1$r2;4r\x1b\\");
  EXPECT_EQ(Reply("\x1bP$qz\x1b\\"), "\x1bP0$r\x1b\\");
  EXPECT_EQ(Reply("\x1b[?6h\x1b[2;2H\x1b[6n\x1b[?6n"), "\x1b[2;2R\x1b[?2;2R");
}

TEST_F(ProgramTerminal, KeepsRepliesBounded) {
  for (int i = 0; i < 100000; ++i) terminal_.Feed("\x1b[c");
  EXPECT_LE(terminal_.TakeReplies().size(), 65536u);
}

TEST_F(ProgramTerminal, SynchronizedOutputIsExposed) {
  After("\x1b[?2026h");
  EXPECT_TRUE(terminal_.synchronized_output());
  After("\x1b[?2026l");
  EXPECT_FALSE(terminal_.synchronized_output());
}

TEST_F(ProgramTerminal, TitleStack) {
  After("\x1b]0;one\a\x1b[22;0t\x1b]0;two\a\x1b[23;0t");
  EXPECT_EQ(terminal_.screen().title(), "one");
  After("\x1b[23;0t");  // Empty: nothing.
  EXPECT_EQ(terminal_.screen().title(), "one");
}

TEST_F(ProgramTerminal, LongTitleIsCutBetweenClusters) {
  After(absl::StrCat("\x1b]2;", std::string(253, 't'), "e\xCC\x81\a"));
  EXPECT_EQ(terminal_.screen().title(), std::string(253, 't'));
}

TEST_F(ProgramTerminal, Clipboard) {
  After("\x1b]52;;aGk=\a");
  EXPECT_EQ(terminal_.screen().clipboard(), "aGk=");
  EXPECT_EQ(terminal_.screen().clipboard_count(), 1u);
  After("\x1b]52;;aGk=\a");  // Copied again is an event again.
  EXPECT_EQ(terminal_.screen().clipboard_count(), 2u);
  EXPECT_EQ(Reply("\x1b]52;c;?\a"), "");
  After("\x1b]52;c;\x41 \x42\a");
  After(absl::StrCat("\x1b]52;c;", std::string(20000, 'A'), "\a"));
  After("\x1b]52;p;eHg=\a");
  EXPECT_EQ(terminal_.screen().clipboard(), "aGk=");
}

TEST_F(ProgramTerminal, CursorShapeIsKept) {
  After("\x1b[4 q");
  EXPECT_EQ(terminal_.screen().cursor().shape, CursorShape::kUnderline);
  EXPECT_EQ(Reply("\x1bP$q q\x1b\\"), "\x1bP1$r4 q\x1b\\");
}

TEST_F(ProgramTerminal, OverwritingHalfAWideCharacterBlanksTheOther) {
  EXPECT_EQ(After("中文\x1b[1;2Hx"), " x文");
  EXPECT_EQ(After("\x1b[1;3Hy"), " xy");
  EXPECT_EQ(After("\x1b[H中文\x1b[1;2H字"), " 字");
  EXPECT_EQ(After("\x1b[2K\x1b[H中文\x1b[1;2H\x1b[X"), "  文");
  EXPECT_EQ(After("\x1b[2K\x1b[H中文\x1b[1;2H\x1b[P"), " 文");
  EXPECT_EQ(After("\x1b[2K\x1b[H中文\x1b[1;2H\x1b[@"), "   文");
}

TEST_F(ProgramTerminal, WideCharacterAtTheMargin) {
  EXPECT_EQ(After("\x1b[?7l\x1b[1;20H中"), absl::StrCat(std::string(18, ' '), "中"));
  EXPECT_EQ(Place(), "0,19");
  Terminal narrow(Size{1, 2}, Dialect::kProgram);
  narrow.Feed("中a中");
  EXPECT_EQ(BrokenInvariant(narrow.screen()), "");
}

TEST_F(ProgramTerminal, CombiningJoinsOnlyWhatWasJustPrinted) {
  EXPECT_EQ(After("e\x1b[1m\xCC\x81x"), "e\xCC\x81x");
  EXPECT_EQ(After("\r\xCC\x81"), "e\xCC\x81x");
  EXPECT_EQ(After("\x1b[2;1H\xEF\xBB\xBFtext"),
            "e\xCC\x81x|text");  // A byte order mark takes no column.
}

TEST_F(ProgramTerminal, LeftAndRightMargins) {
  EXPECT_EQ(After("\x1b[?69h\x1b[3;6s\x1b[1;3Habcdefgh"), "  abcd|  efgh");
  EXPECT_EQ(After("\r\n\nX"), "  abcd|  efgh||  X");
  EXPECT_EQ(After("\x1b[1;3H\x1b[M"), "  efgh||  X");
  EXPECT_EQ(After("\x1b[1;3H\x1b[L"), "|  efgh||  X");
  EXPECT_EQ(After("\x1b[?69l\x1b[H\x1b[MY"), "Y efgh||  X");
}

TEST_F(ProgramTerminal, ScrollsOnlyBetweenTheMargins) {
  After("LeftInnerRight\r\nleftinnerright\x1b[?69h\x1b[5;9s\x1b[1;2r");
  EXPECT_EQ(After("\x1b[S"), "LeftinnerRight|left     right");
  EXPECT_EQ(After("\x1b[2T"), "Left     Right|left     right");
}

TEST_F(ProgramTerminal, InsertsAndDeletesColumns) {
  EXPECT_EQ(After("abc\r\ndef\x1b[1;2H\x1b['}"), "a bc|d ef");
  EXPECT_EQ(After("\x1b[2'~"), "ac|df");
}

TEST_F(ProgramTerminal, SelectiveEraseSparesProtectedCells) {
  EXPECT_EQ(After("\x1b[1\"qab\x1b[0\"qcd\r\x1b[?K"), "ab");
  EXPECT_EQ(After("\x1b[K"), "");
}

TEST_F(ProgramTerminal, NewLineMode) { EXPECT_EQ(After("\x1b[20hab\ncd"), "ab|cd"); }

TEST_F(ProgramTerminal, CursorStopsAtTheMarginOfItsRegion) {
  After("\x1b[3;5r\x1b[4;1H\x1b[9A");
  EXPECT_EQ(Place(), "2,0");
  After("\x1b[1;1H\x1b[9B");
  EXPECT_EQ(Place(), "4,0");
  After("\x1b[6;1H\x1b[9B");
  EXPECT_EQ(Place(), "5,0");
}

TEST_F(ProgramTerminal, SoftResetRestoresAutowrapAndCharsets) {
  EXPECT_EQ(After("\x1b[?7l\x1b(0\x1b[!pq"), "q");
  EXPECT_TRUE(terminal_.details().autowrap);
}

TEST_F(ProgramTerminal, ShrinkingKeepsTheTextAroundTheCursor) {
  After("1\r\n2\r\n3\r\n4\r\n5\r\n6");
  terminal_.Resize({20, 3});
  EXPECT_EQ(Text(), "4|5|6");
  EXPECT_EQ(Place(), "2,1");
}

TEST_F(ProgramTerminal, UnknownSequencesLeakNoText) {
  for (const char* sequence : {"\x1b[>4;2m",
                               "\x1b[?u",
                               "\x1b[>1u",
                               "\x1b[=5c",
                               "\x1b[1;2;3;4;5$r",
                               "\x1b[5*x",
                               "\x1b#6",
                               "\x1b F",
                               "\x1b%@",
                               "\x1b]8;;http://x/\a",
                               "\x1b]10;?\x1b\\",
                               "\x1b]1337;File=inline=1:AAAA\a",
                               "\x1bPq#0;2;0;0;0#0~~@@\x1b\\",
                               "\x1b_Gf=100;AAAA\x1b\\",
                               "\x1b^pm\x1b\\",
                               "\x1bXsos\x1b\\",
                               "\x1b[?1;2S",
                               "\x1b[!!p",
                               "\x1b[<1M",
                               "\x1b[38:2:1m",
                               "\x1b[::::m",
                               "\x1b[1:2H",
                               "\x1b(%5",
                               "\x1b$(C",
                               "\x1b-A",
                               "\x1b|",
                               "\xC2\x9B?25h",
                               "\xC2\x90q\xC2\x9C",
                               "\x1bP1;2|17/17\x1b\\"}) {
    EXPECT_EQ(After(sequence), "") << absl::string_view(sequence).substr(1);
    terminal_.TakeReplies();
  }
  EXPECT_EQ(After("ok"), "ok");
}

TEST_F(ProgramTerminal, NoTabReachesPastTheRightMargin) {
  After("\x1b[?69h\x1b[1;5s\t");
  EXPECT_EQ(Place(), "0,4");
}

TEST_F(ProgramTerminal, InternedRenditionsStayBounded) {
  // Every cell in a colour of its own, again and again.
  std::string bytes;
  for (int i = 0; i < 300000; ++i) {
    absl::StrAppend(&bytes, "\x1b[38;2;", i & 255, ";", i >> 8 & 255, ";", i >> 16, "mx");
  }
  terminal_.Feed(bytes);
  EXPECT_LT(terminal_.screen().interner().entries(), 70000u + 65536 / 8);
  EXPECT_EQ(Sgr(5, 0).substr(0, 6), "0;38;2");
  EXPECT_EQ(BrokenInvariant(terminal_.screen()), "");
}

TEST_F(ProgramTerminal, ReinterningChangesNothingVisible) {
  After("\x1b[31mred\x1b[0me\xCC\x81 \x1b[44m中\x1b[?1049hx\x1b[32mgreen");
  Screen copy = terminal_.Snapshot();
  copy.Reintern();
  EXPECT_EQ(copy, terminal_.screen());
  EXPECT_EQ(DumpScreen(copy), DumpScreen(terminal_.screen()));
}

TEST(ProgramTitles, HoldTheSameInEveryForm) {
  const std::string longest(254, 't');
  for (const char* form : {"\x1b]0;", "\x1b]2;", "\x1b];"}) {
    Terminal terminal({20, 6}, Dialect::kProgram);
    terminal.Feed(absl::StrCat(form, longest, "tt\a"));
    EXPECT_EQ(terminal.screen().title(), longest) << form;
  }
}

TEST(ProgramTitles, LeaveDeleteOut) {
  Terminal terminal({20, 6}, Dialect::kProgram);
  terminal.Feed(
      "\x1b]2;a\x7f"
      "b\a");
  EXPECT_EQ(terminal.screen().title(), "ab");
}

}  // namespace
}  // namespace mosh::term
