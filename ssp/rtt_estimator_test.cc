#include "ssp/rtt_estimator.h"

#include "gtest/gtest.h"
#include "ssp/testing/vectors.h"

namespace mosh::ssp {
namespace {

TEST(RttEstimator, FollowsTheVectors) {
  for (const auto& samples : LoadVectors().rtt) {
    RttEstimator rtt;
    for (const RttVector& v : samples) {
      rtt.AddSample(std::chrono::milliseconds(v.sample_ms));
      EXPECT_DOUBLE_EQ(rtt.srtt_ms().count(), v.srtt);
      EXPECT_DOUBLE_EQ(rtt.rttvar_ms().count(), v.rttvar);
      EXPECT_EQ(rtt.rto().count(), v.rto_ms);
      EXPECT_EQ(rtt.send_interval().count(), v.send_interval_ms);
    }
  }
}

TEST(RttEstimator, StartsWithGuesses) {
  const RttEstimator rtt;
  EXPECT_FALSE(rtt.has_sample());
  EXPECT_EQ(rtt.rto(), RttEstimator::kMaxRto);
  EXPECT_EQ(rtt.send_interval(), RttEstimator::kMaxInterval);
}

}  // namespace
}  // namespace mosh::ssp
