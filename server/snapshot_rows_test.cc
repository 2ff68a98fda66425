#include "server/snapshot_rows.h"

#include <string>

#include "gtest/gtest.h"
#include "term/terminal.h"

namespace mosh::server {
namespace {

control::Snapshot RowsOf(absl::string_view bytes, term::Size size = {20, 2}) {
  term::Terminal terminal(size, term::Dialect::kProgram);
  terminal.Feed(bytes);
  control::Snapshot snapshot;
  AddRows(terminal.screen(), &snapshot);
  EXPECT_EQ(snapshot.row_size(), size.rows);
  return snapshot;
}

TEST(SnapshotRows, BlanksAtTheEndAreLeftOut) {
  const control::Snapshot snapshot = RowsOf("a b  ");
  ASSERT_EQ(snapshot.row(0).run_size(), 1);
  const control::Run& run = snapshot.row(0).run(0);
  EXPECT_EQ(run.text(), "a b");
  EXPECT_EQ(run.cells(), 3);
  EXPECT_EQ(run.columns_of_each(), 1);
  EXPECT_FALSE(run.has_foreground());
  EXPECT_FALSE(run.has_background());
  EXPECT_EQ(run.attributes(), 0);
  EXPECT_EQ(snapshot.row(1).run_size(), 0);
}

TEST(SnapshotRows, ARunEndsWhereLooksChange) {
  const control::Snapshot snapshot = RowsOf("a\x1b[1;4;31mbc\x1b[0;48;2;1;2;3m  \x1b[0m ");
  ASSERT_EQ(snapshot.row(0).run_size(), 3);
  const control::Run& red = snapshot.row(0).run(1);
  EXPECT_EQ(red.text(), "bc");
  EXPECT_EQ(red.foreground().palette(), 1);
  EXPECT_EQ(red.attributes(), 1u << control::BOLD | 1u << control::UNDERLINED);
  const control::Run& blank = snapshot.row(0).run(2);
  EXPECT_EQ(blank.text(), "  ") << "they can be seen";
  EXPECT_EQ(blank.background().rgb(), 0x010203);
}

TEST(SnapshotRows, EachAttributeHasItsBit) {
  const struct {
    const char* parameter;
    control::Attribute attribute;
  } cases[] = {{"1", control::BOLD},       {"2", control::FAINT},      {"3", control::ITALIC},
               {"4", control::UNDERLINED}, {"5", control::BLINKING},   {"7", control::INVERSE},
               {"8", control::INVISIBLE},  {"9", control::CROSSED_OUT}};
  for (const auto& one : cases) {
    const control::Snapshot snapshot = RowsOf(std::string("\x1b[") + one.parameter + "mx");
    EXPECT_EQ(snapshot.row(0).run(0).attributes(), 1u << one.attribute) << one.parameter;
  }
}

TEST(SnapshotRows, WideAndCombinedCharacters) {
  const control::Snapshot snapshot = RowsOf("e\u0301x\u6f22\u5b57.");
  ASSERT_EQ(snapshot.row(0).run_size(), 3);
  EXPECT_EQ(snapshot.row(0).run(0).text(), "e\u0301x");
  EXPECT_EQ(snapshot.row(0).run(0).cells(), 2);
  EXPECT_EQ(snapshot.row(0).run(1).text(), "\u6f22\u5b57");
  EXPECT_EQ(snapshot.row(0).run(1).cells(), 2);
  EXPECT_EQ(snapshot.row(0).run(1).columns_of_each(), 2);
  EXPECT_EQ(snapshot.row(0).run(2).text(), ".");
}

TEST(SnapshotRows, ALongRunIsDivided) {
  const control::Snapshot snapshot = RowsOf(std::string(4095, 'x') + "\u20ac", {4096, 1});
  ASSERT_EQ(snapshot.row(0).run_size(), 1) << "just enough room";
  std::string euros;
  for (int i = 0; i < 4096; ++i) euros += "\u20ac";
  const control::Snapshot more = RowsOf(euros, {4096, 1});
  uint32_t cells = 0;
  for (const control::Run& run : more.row(0).run()) {
    EXPECT_LE(run.text().size(), 4200);
    cells += run.cells();
  }
  EXPECT_EQ(cells, 4096);
}

}  // namespace
}  // namespace mosh::server
