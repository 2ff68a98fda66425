#include "sync/echo_ack_tracker.h"

#include "gtest/gtest.h"

namespace mosh::sync {
namespace {

Instant At(int64_t millis) { return Instant::FromMillis(millis); }

TEST(EchoAckTracker, AcknowledgesAfterTheEchoTime) {
  EchoAckTracker tracker;
  EXPECT_EQ(tracker.NextDeadline(), Instant::Max());
  tracker.OnInputApplied(3, At(1000));
  EXPECT_EQ(tracker.NextDeadline(), At(1050));
  EXPECT_EQ(tracker.Advance(At(1049)), 0u);
  EXPECT_EQ(tracker.Advance(At(1050)), 3u);
  EXPECT_EQ(tracker.NextDeadline(), Instant::Max());
}

TEST(EchoAckTracker, ChoosesTheNewestThatIsOldEnough) {
  EchoAckTracker tracker;
  tracker.OnInputApplied(1, At(0));
  tracker.OnInputApplied(2, At(10));
  tracker.OnInputApplied(5, At(40));
  EXPECT_EQ(tracker.Advance(At(60)), 2u);
  EXPECT_EQ(tracker.NextDeadline(), At(90));
  EXPECT_EQ(tracker.Advance(At(1000)), 5u);
}

TEST(EchoAckTracker, NeverGoesBack) {
  EchoAckTracker tracker;
  tracker.OnInputApplied(9, At(0));
  EXPECT_EQ(tracker.Advance(At(50)), 9u);
  tracker.OnInputApplied(8, At(60));
  EXPECT_EQ(tracker.NextDeadline(), Instant::Max());
  EXPECT_EQ(tracker.Advance(At(500)), 9u);
}

TEST(EchoAckTracker, AFloodOfStatesIsBoundedAndAcknowledgedInTheEnd) {
  EchoAckTracker tracker;
  for (int i = 1; i <= 100'000; ++i) tracker.OnInputApplied(i, At(0));
  EXPECT_EQ(tracker.Advance(At(50)), 100'000u);
}

}  // namespace
}  // namespace mosh::sync
