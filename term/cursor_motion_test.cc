#include "term/cursor_motion.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "term/terminal.h"

namespace mosh::term {
namespace {

std::string Motion(PenPosition from, PenPosition to, Size size = {80, 24}, bool hard_tabs = true) {
  char out[kMaxMotion];
  const std::string motion(out, WriteMotion(from, to, size, hard_tabs, out));
  EXPECT_EQ(MotionLength(from, to, size, hard_tabs), motion.size());
  return motion;
}

TEST(CursorMotion, ReachesEveryPlaceFromEveryOther) {
  const Size size{27, 12};
  for (int start = 0; start < size.rows * size.columns; start += 5) {
    for (int end = 0; end < size.rows * size.columns; ++end) {
      const PenPosition from{start / size.columns, start % size.columns};
      const PenPosition to{end / size.columns, end % size.columns};
      Terminal terminal(size, Dialect::kFrameDiff);
      terminal.Feed(absl::StrCat("\x1b[", from.row + 1, ";", from.column + 1, "H"));
      const std::string motion = Motion(from, to, size);
      terminal.Feed(motion);
      ASSERT_EQ(terminal.screen().cursor().row, to.row) << motion;
      ASSERT_EQ(terminal.screen().cursor().column, to.column) << motion;
      EXPECT_LE(motion.size(), 4 + absl::StrCat(to.row + 1, to.column + 1).size());
    }
  }
}

TEST(CursorMotion, NothingRelativeFromAPendingWrap) {
  const Size size{10, 5};
  for (int row = 0; row < size.rows; ++row) {
    for (int column = 0; column < size.columns; ++column) {
      for (const Dialect dialect : {Dialect::kFrameDiff, Dialect::kProgram}) {
        Terminal terminal(size, dialect);
        terminal.Feed("\x1b[3;10Hx");
        terminal.Feed(Motion({2, 10}, {row, column}, size));
        EXPECT_EQ(terminal.screen().cursor().row, row);
        EXPECT_EQ(terminal.screen().cursor().column, column);
        EXPECT_FALSE(terminal.details().pending_wrap);
      }
    }
  }
}

TEST(CursorMotion, PrefersShortForms) {
  EXPECT_EQ(Motion({3, 9}, {3, 0}), "\r");
  EXPECT_EQ(Motion({3, 9}, {4, 0}), "\r\n");
  EXPECT_EQ(Motion({3, 9}, {4, 9}), "\n");
  EXPECT_EQ(Motion({3, 9}, {3, 8}), "\b");
  EXPECT_EQ(Motion({3, 9}, {3, 10}), "\x1b[C");
  EXPECT_EQ(Motion({3, 9}, {3, 16}), "\t");
  EXPECT_EQ(Motion({3, 9}, {3, 16}, {80, 24}, false), "\x1b[7C");
  EXPECT_EQ(Motion({3, 9}, {2, 9}), "\x1bM");
  EXPECT_EQ(Motion({3, 9}, {0, 0}), "\x1b[H");
  EXPECT_EQ(Motion({3, 9}, {20, 50}), "\x1b[21;51H");
  EXPECT_EQ(Motion({}, {20, 0}), "\x1b[21H");
  EXPECT_EQ(Motion({3, PenPosition::kUnknown}, {3, 5}), "\x1b[6G");
}

}  // namespace
}  // namespace mosh::term
