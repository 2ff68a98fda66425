#include "term/scroll_detect.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "term/terminal.h"

namespace mosh::term {
namespace {

std::string Lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&lines, "\x1b[", i + 1, ";1H", i * i, " some text of a line");
  }
  return lines;
}

std::vector<Scroll> Detect(const std::string& before, const std::string& then) {
  Terminal terminal(Size{40, 10}, Dialect::kProgram);
  terminal.Feed(before);
  const Screen from = terminal.Snapshot();
  terminal.Feed(then);
  std::vector<uint8_t> changed;
  for (int row = 0; row < 10; ++row) {
    changed.push_back(!Screen::SameRow(from, row, terminal.screen(), row));
  }
  return DetectScrolls(from, terminal.screen(), changed);
}

using Scrolls = std::vector<Scroll>;

TEST(ScrollDetect, FindsScrollsOfTheWholeScreen) {
  EXPECT_EQ(Detect(Lines(10), "\x1b[3S"), (Scrolls{{0, 9, 3}}));
  EXPECT_EQ(Detect(Lines(10), "\x1b[2T"), (Scrolls{{0, 9, -2}}));
}

TEST(ScrollDetect, FindsScrollsOfRegions) {
  EXPECT_EQ(Detect(Lines(10), "\x1b[2;8r\x1b[S"), (Scrolls{{1, 7, 1}}));
  EXPECT_EQ(Detect(Lines(10), "\x1b[2;8r\x1b[T"), (Scrolls{{1, 7, -1}}));
  EXPECT_EQ(Detect(Lines(10), "\x1b[1;5r\x1b[S\x1b[6;10r\x1b[T").size(), 2u);
}

TEST(ScrollDetect, FindsEqualContentThatWasRedrawn) {
  std::string shifted;
  for (int i = 0; i < 8; ++i) {
    absl::StrAppend(&shifted, "\x1b[", i + 2, ";1H", i * i, " some text of a line\x1b[K");
  }
  EXPECT_EQ(Detect(Lines(10), shifted), (Scrolls{{0, 8, -1}}));
}

TEST(ScrollDetect, BlankRowsAreNoEvidence) {
  EXPECT_EQ(Detect("\x1b[2;1Hx", "\x1b[2K\x1b[9;1Hy"), Scrolls{});
}

TEST(ScrollDetect, CheapChangesAreNotWorthAScroll) {
  EXPECT_EQ(Detect("a\r\nb", "\x1b[H\x1b[M"), Scrolls{});
}

}  // namespace
}  // namespace mosh::term
