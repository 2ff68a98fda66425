#include "mgmt/agent/rate_limit.h"

#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

using std::chrono::milliseconds;

TEST(RateLimit, LetsABurstThroughAndThenWhatComesBack) {
  RateLimit limit(/*per_second=*/10, /*burst=*/3);
  const Instant start = Instant::FromMillis(5'000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.Take("alice", start), std::nullopt);
  EXPECT_EQ(limit.Take("alice", start), milliseconds(100));
  EXPECT_EQ(limit.Take("bob", start), std::nullopt);
  EXPECT_EQ(limit.Take("alice", start + milliseconds(100)), std::nullopt);
  EXPECT_NE(limit.Take("alice", start + milliseconds(100)), std::nullopt);
}

TEST(RateLimit, NeverHoldsMoreThanTheBurst) {
  RateLimit limit(10, 3);
  const Instant start = Instant::FromMillis(5'000);
  EXPECT_EQ(limit.Take("alice", start), std::nullopt);
  const Instant later = start + std::chrono::hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.Take("alice", later), std::nullopt);
  EXPECT_NE(limit.Take("alice", later), std::nullopt);
}

}  // namespace
}  // namespace mosh::mgmt
