#include "term/history.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "term/line_codec.h"
#include "term/terminal.h"
#include "term/testing/random_program.h"

namespace mosh::term {
namespace {

std::string Numbered(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) absl::StrAppend(&text, "line ", i, "\r\n");
  return text;
}

class HistoryTest : public ::testing::Test {
 protected:
  explicit HistoryTest(HistoryLimits limits = {}) { terminal_.KeepHistory(limits); }
  const History& history() const { return *terminal_.history(); }
  // Everything ever printed, as far as it is kept: history, then screen.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (int i = 0; i < history().LineCount(); ++i) lines.push_back(history().Text(i));
    return lines;
  }

  Terminal terminal_{Size{20, 4}, Dialect::kProgram};
};

TEST_F(HistoryTest, KeepsWhatScrollsOffTheTop) {
  terminal_.Feed(Numbered(1, 10));
  EXPECT_EQ(history().LineCount(), 7);  // the cursor is in an empty fourth row
  EXPECT_EQ(history().Text(0), "line 1");
  EXPECT_EQ(history().Text(6), "line 7");
  EXPECT_EQ(terminal_.screen().RowText(0), "line 8");
}

TEST_F(HistoryTest, IsOffUnlessAskedFor) {
  Terminal plain(Size{20, 4}, Dialect::kProgram);
  plain.Feed(Numbered(1, 100));
  EXPECT_EQ(plain.history(), nullptr);
  Terminal none(Size{20, 4}, Dialect::kProgram);
  none.KeepHistory({.lines = 0});
  none.Feed(Numbered(1, 100));
  EXPECT_EQ(none.history(), nullptr);
}

TEST_F(HistoryTest, TheAlternateScreenHasNone) {
  terminal_.Feed("\x1b[?1049h");
  terminal_.Feed(Numbered(1, 100));
  EXPECT_EQ(history().LineCount(), 0);
  terminal_.Feed("\x1b[?1049l");
  terminal_.Feed(Numbered(1, 5));
  EXPECT_EQ(Lines(), (std::vector<std::string>{"line 1", "line 2"}));
}

TEST_F(HistoryTest, OnlyARegionAtTheTopFeedsIt) {
  terminal_.Feed("\x1b[2;4r\x1b[4;1H");
  terminal_.Feed(Numbered(1, 10));
  EXPECT_EQ(history().LineCount(), 0);
  terminal_.Feed("\x1b[2J\x1b[1;3r\x1b[1;1H");
  terminal_.Feed(Numbered(1, 4));
  EXPECT_EQ(Lines(), (std::vector<std::string>{"line 1", "line 2"}));
}

TEST_F(HistoryTest, ScrollingOnRequestFeedsIt) {
  terminal_.Feed("one\r\ntwo\r\nthree\x1b[2S");
  EXPECT_EQ(Lines(), (std::vector<std::string>{"one", "two"}));
  terminal_.Feed("\x1b[999S");
  EXPECT_EQ(history().LineCount(), 6);
}

TEST_F(HistoryTest, ALowerWindowFeedsIt) {
  terminal_.Feed("one\r\ntwo\r\nthree\r\nfour");
  terminal_.Resize({20, 2});
  EXPECT_EQ(Lines(), (std::vector<std::string>{"one", "two"}));
}

TEST_F(HistoryTest, ALowerWindowFeedsItFromBehindTheAlternateScreen) {
  terminal_.Feed("one\r\ntwo\r\nthree\r\nfour\x1b[?1049h");
  terminal_.Resize({20, 2});
  EXPECT_EQ(Lines(), (std::vector<std::string>{"one", "two"}));
}

TEST_F(HistoryTest, IsErasedWithTheSavedLines) {
  terminal_.Feed(Numbered(1, 10));
  terminal_.Feed("\x1b[2J");
  EXPECT_EQ(history().LineCount(), 7);
  terminal_.Feed("\x1b[3J");
  EXPECT_EQ(history().LineCount(), 0);
}

TEST_F(HistoryTest, DrawsColoursWideCharactersAndClusters) {
  terminal_.Feed("\x1b[1;31mred\x1b[0m \xe4\xb8\xad e\xcc\x81 \x1b[44m  \x1b[0m\r\n\r\n\r\n");
  const Screen before = terminal_.Snapshot();
  terminal_.Feed("\r\n");
  ASSERT_EQ(history().LineCount(), 1);
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(history().Text(0), "red \xe4\xb8\xad e\xcc\x81");
    Screen drawn(Size{20, 1});
    history().Draw(0, 0, &drawn);
    EXPECT_TRUE(Screen::SameRow(before, 0, drawn, 0));
    terminal_.CompressHistory();
  }
}

TEST_F(HistoryTest, SurvivesAnInternerThatIsReplaced) {
  std::string text;
  for (int i = 0; i < 6000; ++i) {
    absl::StrAppend(&text, "\x1b[38;2;", i % 256, ";", i / 256, ";9m", i, "\x1b[m\r\n");
  }
  terminal_.Feed(text);
  ASSERT_EQ(history().LineCount(), 2000);
  for (const int line : {0, 777, 1999}) {
    const int i = 6000 - 3 - 2000 + line;
    Screen drawn(Size{20, 1});
    history().Draw(line, 0, &drawn);
    EXPECT_EQ(drawn.RowText(0), absl::StrCat(i));
    EXPECT_EQ(drawn.rendition(drawn.cell(0, 0)).foreground(), Color::Rgb(i % 256, i / 256, 9));
  }
}

class ShortHistoryTest : public HistoryTest {
 protected:
  ShortHistoryTest() : HistoryTest({.lines = 600}) {}
};

TEST_F(ShortHistoryTest, ForgetsTheOldestLineByLine) {
  for (int i = 1; i <= 3000; ++i) {
    terminal_.Feed(absl::StrCat(i, "\r\n"));
    if (i % 700 == 0) terminal_.CompressHistory();
    const int gone = i - 3;
    if (gone < 1) continue;
    ASSERT_EQ(history().LineCount(), std::min(gone, 600));
    ASSERT_EQ(history().Text(0), absl::StrCat(std::max(1, gone - 599)));
    ASSERT_EQ(history().Text(history().LineCount() - 1), absl::StrCat(gone));
  }
}

TEST(History, CostsNothingWhileEmptyAndLittleAtFirst) {
  const History history{HistoryLimits()};
  EXPECT_EQ(history.memory_bytes(), sizeof(History));
  EXPECT_LE(sizeof(History), 256u);
  Terminal terminal(Size{80, 24}, Dialect::kProgram);
  terminal.KeepHistory({});
  terminal.Feed(Numbered(1, 30));
  EXPECT_LE(terminal.history()->memory_bytes(), 2048u);
}

TEST(History, IsBoundedInBytes) {
  constexpr size_t kBytes = size_t{256} << 10;
  Terminal terminal(Size{1000, 4}, Dialect::kProgram);
  terminal.KeepHistory({.lines = 100'000, .bytes = kBytes});
  for (int i = 0; i < 2000; ++i) {
    terminal.Feed(absl::StrCat("\x1b[", 31 + i % 6, "m", std::string(999, 'x'), "\r\n"));
    ASSERT_LE(terminal.history()->memory_bytes(), kBytes + 3 * History::kBlockBytes);
  }
  EXPECT_GE(terminal.history()->LineCount(), 20);
}

TEST(History, TakesAFewOctetsALineWhenCompressed) {
  Terminal terminal(Size{80, 24}, Dialect::kProgram);
  terminal.KeepHistory({});
  std::string text;
  for (int i = 0; i < 2100; ++i) {
    absl::StrAppend(&text, "\x1b[0m\x1b[01;34mdrwxr-xr-x\x1b[0m 2 user group ", i * 7919 % 100000,
                    " Nov 28 file-", i, ".txt\r\n");
  }
  terminal.Feed(text);
  const size_t before = terminal.history()->memory_bytes();
  EXPECT_TRUE(terminal.history()->compressible());
  terminal.CompressHistory();
  EXPECT_FALSE(terminal.history()->compressible());
  EXPECT_LE(terminal.history()->memory_bytes(), 50'000u) << before << " before";
  EXPECT_EQ(terminal.history()->Text(1000).substr(0, 10), "drwxr-xr-x");
}

// Everything but what the codec says it does not keep.
bool SameDrawn(const Screen& a, int row_a, const Screen& b, int row_b) {
  if (a.row(row_a).wrapped() != b.row(row_b).wrapped()) return false;
  for (int column = 0; column < a.columns(); ++column) {
    const Cell& cell = a.cell(row_a, column);
    if (cell.wide_tail() && b.cell(row_b, column).wide_tail()) continue;
    if (!Screen::SameCell(a, cell, b, b.cell(row_b, column))) return false;
  }
  return true;
}

TEST(HistoryProperty, GivesBackTheRowsOfRandomScreens) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    SeededChoices choices(seed);
    const Size size{1 + static_cast<int>(choices(100)), 1 + static_cast<int>(choices(12))};
    const int lines = 1 + static_cast<int>(choices(400));
    Terminal terminal(size, Dialect::kProgram);
    History history({.lines = lines});
    std::vector<std::pair<Screen, int>> expected;  // rows
    for (int turn = 0; turn < 60; ++turn) {
      terminal.Feed(RandomProgram(std::ref(choices), size, 10));
      const Screen screen = terminal.Snapshot();
      for (int row = 0; row < screen.rows(); ++row) {
        history.Append(screen.row(row), screen.shared_interner());
        expected.emplace_back(screen, row);
      }
      if (choices(10) == 0) history.Compress();
    }
    ASSERT_EQ(history.LineCount(), std::min<int>(lines, static_cast<int>(expected.size())));
    Screen drawn(size);
    for (int line = 0; line < history.LineCount(); ++line) {
      const auto& [screen, row] =
          expected[expected.size() - static_cast<size_t>(history.LineCount() - line)];
      history.Draw(line, 0, &drawn);
      ASSERT_TRUE(SameDrawn(screen, row, drawn, 0))
          << "line " << line << ": '" << screen.RowText(row) << "' came back as '"
          << drawn.RowText(0) << "'";
      ASSERT_EQ(history.Text(line), screen.RowText(row));
    }
  }
}

}  // namespace
}  // namespace mosh::term
