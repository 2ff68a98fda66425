#include "server/view.h"

#include "gtest/gtest.h"
#include "term/terminal.h"

namespace mosh::server {
namespace {

// A screen of ten columns and four rows after these bytes.
term::Screen After(absl::string_view bytes) {
  term::Terminal terminal({10, 4}, term::Dialect::kProgram);
  terminal.Feed(bytes);
  return terminal.Snapshot();
}

constexpr char kFour[] = "\033[1;1Hone\033[2;1Htwo\033[3;1Hthree\033[4;1Hfour";

TEST(View, OfItsOwnSizeIsTheScreenItself) {
  const term::Screen screen = After(kFour);
  const term::Screen shown = View({10, 4}).Of(screen);
  EXPECT_TRUE(shown == screen);
  EXPECT_TRUE(shown.row(0).SharesStorageWith(screen.row(0)));
}

TEST(View, LargerWindowIsPadded) {
  const term::Screen shown = View({12, 6}).Of(After(kFour));
  EXPECT_EQ(shown.size(), (term::Size{12, 6}));
  EXPECT_EQ(shown.RowText(0), "one");
  EXPECT_EQ(shown.RowText(3), "four");
  EXPECT_EQ(shown.RowText(4), "");
  EXPECT_EQ(shown.cursor().row, 3);
  EXPECT_EQ(shown.cursor().column, 4);
  EXPECT_TRUE(shown.cursor().visible);
}

TEST(View, SmallerWindowFollowsTheCursor) {
  View view({10, 2});
  EXPECT_EQ(view.Of(After(kFour)).RowText(0), "three");
  EXPECT_EQ(view.Of(After(kFour)).cursor().row, 1);
  // Still inside: nothing moves.
  const term::Screen up = view.Of(After(std::string(kFour) + "\033[3;1H"));
  EXPECT_EQ(up.RowText(0), "three");
  EXPECT_EQ(up.cursor().row, 0);
  const term::Screen top = view.Of(After(std::string(kFour) + "\033[1;1H"));
  EXPECT_EQ(top.RowText(0), "one");
  EXPECT_EQ(top.RowText(1), "two");
}

TEST(View, NarrowWindowFollowsTheCursor) {
  View view({4, 4});
  const term::Screen right = view.Of(After("0123456"));
  EXPECT_EQ(right.RowText(0), "456");
  EXPECT_EQ(right.cursor().column, 3);
  EXPECT_EQ(view.Of(After("0123456\r")).RowText(0), "0123");
}

TEST(View, HalvesOfWideCharactersAreBlank) {
  // Columns: a 12 34 56 b.
  const term::Screen screen = After("a漢字語b\033[1;1H");
  EXPECT_EQ(View({4, 1}).Of(screen).RowText(0), "a漢");
  EXPECT_EQ(View({5, 1}).Of(screen).RowText(0), "a漢字");
  const term::Screen shifted = screen.Window(0, 2, {4, 1});
  EXPECT_EQ(shifted.RowText(0), " 字");
  EXPECT_FALSE(shifted.cell(0, 0).wide_tail());
  EXPECT_FALSE(shifted.cell(0, 3).wide());
}

TEST(View, WindowThatGrowsShowsAllAgain) {
  View view({10, 2});
  view.Of(After(kFour));
  view.Resize({10, 3});
  EXPECT_EQ(view.Of(After(kFour)).RowText(0), "two");
  view.Resize({20, 20});
  EXPECT_EQ(view.Of(After(kFour)).RowText(0), "one");
}

TEST(View, CursorOutsideIsHidden) {
  const term::Screen shown = After(kFour).Window(0, 0, {10, 2});
  EXPECT_FALSE(shown.cursor().visible);
  EXPECT_EQ(shown.cursor().row, 1);
}

}  // namespace
}  // namespace mosh::server
