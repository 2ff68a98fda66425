#include "mgmt/drain/countdown.h"

#include <vector>

#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using ::mosh::fleet::v1::LEAVE;
using ::mosh::fleet::v1::TERMINATE;

TEST(Countdown, GetsDenserTowardsTheEnd) {
  std::vector<std::chrono::seconds> notices;
  for (std::chrono::nanoseconds left = 2h; left > 0s; left = notices.back()) {
    notices.push_back(NextNoticeAt(left));
  }
  EXPECT_EQ(notices,
            (std::vector<std::chrono::seconds>{1h, 30min, 10min, 5min, 1min, 30s, 10s, 0s}));
  EXPECT_EQ(NextNoticeAt(5min + 1ns), 5min);
  EXPECT_EQ(NextNoticeAt(10s), 0s);
}

TEST(Countdown, SaysHowMuchIsLeftAndWhy) {
  EXPECT_EQ(NoticeAt(10min, TERMINATE, "Kernel update.").text,
            "This session ends in 10m: this machine is being drained. Kernel update.");
  EXPECT_EQ(NoticeAt(6min + 29s + 1ms, LEAVE, "").text,
            "This machine is being drained: please end this session within 6m30s.");
}

TEST(Countdown, NoNoticeOutlivesItsTruth) {
  EXPECT_EQ(NoticeAt(10min, TERMINATE, "").show_for, 30s);
  EXPECT_EQ(NoticeAt(1min, TERMINATE, "").show_for, 30s);
  EXPECT_EQ(NoticeAt(30s, TERMINATE, "").show_for, 20s);
  EXPECT_EQ(NoticeAt(10s, TERMINATE, "").show_for, 10s);
  EXPECT_EQ(NoticeAt(10s + 100ms, TERMINATE, "").show_for, 1s);
  EXPECT_EQ(NoticeAt(1ms, TERMINATE, "").show_for, 1s);
}

}  // namespace
}  // namespace mosh::mgmt
