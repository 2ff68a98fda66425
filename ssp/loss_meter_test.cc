#include "ssp/loss_meter.h"

#include "gtest/gtest.h"

namespace mosh::ssp {
namespace {

LossMeter Fed(std::initializer_list<uint64_t> numbers) {
  LossMeter meter;
  for (const uint64_t n : numbers) meter.OnReceived(n);
  return meter;
}

TEST(LossMeter, GapIsLostAfterThreeLaterOnes) {
  EXPECT_EQ(Fed({0, 2, 3}).lost(), 0u);
  EXPECT_EQ(Fed({0, 2, 3, 4}).lost(), 1u);
}

TEST(LossMeter, LateArrivalFillsTheGap) {
  const LossMeter meter = Fed({0, 2, 3, 1, 4, 5});
  EXPECT_EQ(meter.lost(), 0u);
  EXPECT_EQ(meter.rate(), 0);
}

TEST(LossMeter, WideGapIsJudgedAtOnceButForItsEdge) {
  EXPECT_EQ(Fed({0, 10}).lost(), 7u);  // 1..7; 8 and 9 may still come
  EXPECT_EQ(Fed({0, 10, 11, 12, 13}).lost(), 9u);
}

TEST(LossMeter, HugeJumpCountsAsOneWindow) {
  EXPECT_LE(Fed({0, uint64_t{1} << 62}).lost(), static_cast<uint64_t>(LossMeter::kWindow));
}

TEST(LossMeter, RateIsTheShareOfTheRecent) {
  LossMeter meter;
  for (uint64_t n = 0; n < 1000; ++n) {
    if (n % 4 != 0) meter.OnReceived(n);
  }
  EXPECT_NEAR(meter.rate(), 0.25, 0.02);
  for (uint64_t n = 1000; n < 1100; ++n) meter.OnReceived(n);
  EXPECT_EQ(meter.rate(), 0);
  EXPECT_NEAR(meter.long_rate(), 0.15, 0.02);
  for (uint64_t n = 1100; n < 1300; ++n) meter.OnReceived(n);
  EXPECT_EQ(meter.long_rate(), 0);
}

TEST(LossMeter, FewNumbersProveLittle) {
  EXPECT_EQ(Fed({0, 1, 2, 3, 4, 5}).rate(), 0);
  EXPECT_NEAR(Fed({0, 2, 3, 4}).rate(), 0.5, 0.01);  // one of two judged
  EXPECT_TRUE(Fed({0, 2, 3, 4}).young());
  EXPECT_FALSE(Fed({0, 100}).young());
  EXPECT_TRUE(LossMeter().untried());
  EXPECT_TRUE(Fed({10, 11, 14, 20}).untried());
  EXPECT_FALSE(Fed({10, 11, 14, 21}).untried());
}

TEST(LossMeter, RepeatsAndAncientNumbersDoNothing) {
  const LossMeter meter = Fed({100, 100, 3, 101, 101, 102, 103});
  EXPECT_EQ(meter.lost(), 0u);
}

}  // namespace
}  // namespace mosh::ssp
