#include "bench/measure.h"

#include <unistd.h>

#include "bench/payload.h"
#include "gtest/gtest.h"

namespace mosh::bench {
namespace {

TEST(Samples, PercentilesAreNearestRank) {
  Samples samples;
  for (const double value : {5.0, 1.0, 4.0, 2.0, 3.0}) samples.Add(value);
  EXPECT_EQ(samples.Median(), 3);
  EXPECT_EQ(samples.Percentile(99), 5);
  EXPECT_EQ(samples.Percentile(0), 1);
  EXPECT_EQ(samples.Mean(), 3);
}

TEST(Samples, EmptyBagGivesZero) {
  EXPECT_EQ(Samples().Median(), 0);
  EXPECT_EQ(Samples().Mean(), 0);
}

TEST(ProcessFigures, OfThisProcessArePositive) {
  // The kernel accounts by the tick: the first may not have come yet.
  uint64_t nanos = 0;
  for (int i = 0; nanos == 0 && i < 1'000'000; ++i) nanos = CpuNanos(getpid());
  EXPECT_GT(nanos, 0u);
  EXPECT_GT(PssKib(getpid()), 100u);
}

TEST(Payload, IsTheSameEveryTimeAndHasItsKindsMarks) {
  for (const absl::string_view kind : PayloadKinds()) {
    EXPECT_EQ(MakePayload(kind, 10000), MakePayload(kind, 10000)) << kind;
    EXPECT_GE(MakePayload(kind, 10000).size(), 10000u) << kind;
  }
  EXPECT_NE(MakePayload("region", 5000).find("\x1bM"), std::string::npos);
  EXPECT_EQ(MakePayload("nonsense", 10), "");
}

}  // namespace
}  // namespace mosh::bench
