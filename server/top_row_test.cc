#include "server/top_row.h"

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = Instant::FromNanos(1'000'000'000);

TEST(TopRow, NothingToSayLeavesThePictureAlone) {
  term::Screen picture({20, 2});
  picture.SetCellText(0, 0, "a", false, {});
  TopRow().Draw(picture);
  EXPECT_EQ(picture.RowText(0), "a");
}

TEST(TopRow, OneTextHidesNoOther) {
  TopRow row;
  row.notice.Show("down at noon", kStart + 2s);
  EXPECT_EQ(row.Text(), "down at noon");
  row.held = "";
  EXPECT_EQ(row.Text(), "Input is held | down at noon");
  row.held = "wait";
  row.watched.Show("Watched by bob", kStart + 1s);
  EXPECT_EQ(row.Text(), "Watched by bob | Input is held: wait | down at noon");
  term::Screen picture({80, 2});
  row.Draw(picture);
  EXPECT_EQ(picture.RowText(0), row.Text());
}

TEST(TopRow, EachNoticeHasItsOwnTime) {
  TopRow row;
  row.held = "wait";
  row.notice.Show("down at noon", kStart + 2s);
  row.watched.Show("Watched by bob", kStart + 1s);
  EXPECT_EQ(row.NextDeadline(), kStart + 1s);
  EXPECT_FALSE(row.Expire(kStart));
  EXPECT_TRUE(row.Expire(kStart + 1s));
  EXPECT_EQ(row.Text(), "Input is held: wait | down at noon");
  EXPECT_TRUE(row.Expire(kStart + 2s));
  EXPECT_EQ(row.Text(), "Input is held: wait");
  EXPECT_EQ(row.NextDeadline(), Instant::Max());
}

TEST(TopRow, BothAtOnceLeaveTogether) {
  TopRow row;
  row.notice.Show("a", kStart);
  row.watched.Show("b", kStart);
  EXPECT_TRUE(row.Expire(kStart));
  EXPECT_EQ(row.Text(), "");
}

}  // namespace
}  // namespace mosh::server
