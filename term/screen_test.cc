#include "term/screen.h"

#include <malloc.h>

#include "gtest/gtest.h"
#include "term/terminal.h"
#include "term/testing/screen_invariants.h"

namespace mosh::term {
namespace {

TEST(Screen, BlankScreensAreEqual) {
  EXPECT_EQ(Screen(Size{5, 3}), Screen(Size{5, 3}));
  EXPECT_NE(Screen(Size{5, 3}), Screen(Size{5, 4}));
}

TEST(Screen, ClampsItsSize) {
  EXPECT_EQ(Screen(Size{0, -3}).size(), (Size{1, 1}));
  EXPECT_EQ(Screen(Size{1 << 20, 1}).columns(), kMaxColumns);
}

TEST(Screen, BlankAndSpaceLookTheSame) {
  Screen written(Size{5, 3});
  written.SetCellText(1, 1, " ", false, Rendition());
  EXPECT_EQ(written, Screen(Size{5, 3}));
}

TEST(Screen, CopiesAreIndependent) {
  Screen screen(Size{5, 3});
  const Screen copy = screen;
  screen.SetCellText(0, 0, "x", false, Rendition());
  screen.SetTitle("t");
  EXPECT_EQ(copy, Screen(Size{5, 3}));
  EXPECT_NE(copy, screen);
  EXPECT_TRUE(copy.row(2).SharesStorageWith(screen.row(2)));
}

TEST(Screen, EqualityReachesAcrossInterners) {
  Screen a(Size{8, 1});
  Screen b(Size{8, 1});
  Rendition red;
  red.set_foreground(Color::Palette(1));
  b.InternStyle(Rendition(red).BackgroundOnly());
  Rendition bold;
  bold.set(Attribute::kBold, true);
  b.InternStyle(bold);
  a.SetCellText(0, 0, "e\xCC\x81", false, red);
  b.SetCellText(0, 0, "e\xCC\x81", false, red);
  a.SetCellText(0, 1, "中", true, red);
  b.SetCellText(0, 1, "中", true, red);
  EXPECT_EQ(a, b);
  b.SetCellRendition(0, 0, bold);
  EXPECT_NE(a, b);
}

TEST(Screen, CountsMatterForEqualityButNotForThePicture) {
  Screen a(Size{2, 2});
  Screen b(Size{2, 2});
  a.RingBell();
  EXPECT_NE(a, b);
  EXPECT_TRUE(a.ShowsSameAs(b));
}

TEST(Screen, SetCellRepairsWideCharacters) {
  Screen screen(Size{6, 1});
  screen.SetCellText(0, 0, "中", true, Rendition());
  screen.SetCellText(0, 2, "文", true, Rendition());
  screen.SetCellText(0, 1, "字", true, Rendition());
  EXPECT_EQ(screen.RowText(0), " 字");
  EXPECT_EQ(BrokenInvariant(screen), "");
}

TEST(Row, IdentityFollowsTheLine) {
  Terminal terminal(Size{10, 3}, Dialect::kProgram);
  terminal.Feed("one\r\ntwo\r\nthree");
  const Screen before = terminal.Snapshot();
  terminal.Feed("\r\nfour");
  const Screen& after = terminal.screen();
  EXPECT_EQ(after.row(0).id(), before.row(1).id());
  EXPECT_TRUE(after.row(0).SharesStorageWith(before.row(1)));
  EXPECT_NE(after.row(2).id(), before.row(0).id());
  EXPECT_NE(after.row(2).id(), 0u);
}

TEST(Row, UntouchedBlankRowsShareOneStorage) {
  Terminal terminal(Size{80, 24}, Dialect::kProgram);
  EXPECT_TRUE(terminal.screen().row(0).SharesStorageWith(terminal.screen().row(23)));
  EXPECT_EQ(terminal.screen().row(0).id(), 0u);
}

#ifndef MOSH_SANITIZED
TEST(Memory, IdleTerminalIsSmall) {
  const size_t before = mallinfo2().uordblks;
  Terminal terminal(Size{80, 24}, Dialect::kProgram);
  const size_t blank = mallinfo2().uordblks - before;
  EXPECT_LT(blank, 8u << 10);
  for (int i = 0; i < 1000; ++i) terminal.Feed("\x1b[1mtext \x1b[0m of a session\r\n");
  EXPECT_LT(mallinfo2().uordblks - before, 40u << 10);
}
#endif

}  // namespace
}  // namespace mosh::term
