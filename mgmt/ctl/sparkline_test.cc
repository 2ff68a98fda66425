#include "mgmt/ctl/sparkline.h"

#include <vector>

#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

TEST(Sparkline, ShowsTheNewestAtTheRight) {
  const std::vector<int> levels = {0, 1, 2, 3, 4, 5, 6, 7, 8, -1};
  EXPECT_EQ(Sparkline(levels, 10), "·▁▂▃▄▅▆▇█ ");
  EXPECT_EQ(Sparkline(levels, 3), "▇█ ");
  EXPECT_EQ(Sparkline(std::vector<int>{8, 99}, 4), "  ██");
  EXPECT_EQ(Sparkline(levels, 0), "");
  EXPECT_EQ(Sparkline({}, 2), "  ");
}

TEST(Sparkline, StepsAreFixed) {
  EXPECT_EQ(RoundTripLevel(absl::ZeroDuration()), 1);
  EXPECT_EQ(RoundTripLevel(absl::Milliseconds(24)), 1);
  EXPECT_EQ(RoundTripLevel(absl::Milliseconds(25)), 2);
  EXPECT_EQ(RoundTripLevel(absl::Milliseconds(250)), 5);
  EXPECT_EQ(RoundTripLevel(absl::Seconds(9)), 8);
  EXPECT_EQ(LossLevel(0), 0);
  EXPECT_EQ(LossLevel(0.001), 1);
  EXPECT_EQ(LossLevel(0.1), 5);
  EXPECT_EQ(LossLevel(1), 8);
}

}  // namespace
}  // namespace mosh::mgmt::ctl
