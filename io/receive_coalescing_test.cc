#include "io/receive_coalescing.h"

#include <chrono>

#include "base/instant.h"
#include "gtest/gtest.h"

namespace mosh::io {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr Instant kBegin = Instant::FromNanos(1'000'000'000);

TEST(ReceiveCoalescing, LeavesAFewDatagramsAlone) {
  ReceiveCoalescing coalescing(kBegin);
  constexpr auto kHalfTheRate =
      2 * microseconds(ReceiveCoalescing::kWindow) / ReceiveCoalescing::kMany;
  for (auto t = 0us; t < 100ms; t += kHalfTheRate) {
    coalescing.OnDatagrams(1);
    EXPECT_EQ(coalescing.Delay(kBegin + t), 0ns);
  }
}

TEST(ReceiveCoalescing, LeavesAShortBurstAlone) {
  ReceiveCoalescing coalescing(kBegin);
  coalescing.OnDatagrams(ReceiveCoalescing::kMany - 1);
  EXPECT_EQ(coalescing.Delay(kBegin + ReceiveCoalescing::kWindow), 0ns);
  EXPECT_EQ(coalescing.Delay(kBegin + 2 * ReceiveCoalescing::kWindow), 0ns);
}

TEST(ReceiveCoalescing, LeavesClumpsOfHeartbeatsAlone) {
  // Ten thousand sessions' in three seconds, sixty at a time.
  ReceiveCoalescing coalescing(kBegin);
  for (auto t = 0ms; t < 3s; t += 18ms) {
    coalescing.OnDatagrams(60);
    for (auto later = 0ms; later < 18ms; later += 1ms) {
      EXPECT_EQ(coalescing.Delay(kBegin + t + later), 0ns);
    }
  }
}

TEST(ReceiveCoalescing, DelaysInAFloodFromTheSecondWindowOn) {
  ReceiveCoalescing coalescing(kBegin);
  for (auto t = 0us; t < 4 * ReceiveCoalescing::kWindow; t += 10us) {
    coalescing.OnDatagrams(1);
    const auto expected = t < ReceiveCoalescing::kWindow ? 0us : ReceiveCoalescing::kDelay;
    EXPECT_EQ(coalescing.Delay(kBegin + t), expected) << t.count();
  }
}

TEST(ReceiveCoalescing, EndsWithTheFlood) {
  ReceiveCoalescing coalescing(kBegin);
  coalescing.OnDatagrams(100'000);
  Instant now = kBegin + ReceiveCoalescing::kWindow;
  ASSERT_EQ(coalescing.Delay(now), ReceiveCoalescing::kDelay);
  now = now + ReceiveCoalescing::kWindow;
  EXPECT_EQ(coalescing.Delay(now), 0ns);
}

TEST(ReceiveCoalescing, ManyOverALongTimeAreFew) {
  ReceiveCoalescing coalescing(kBegin);
  coalescing.OnDatagrams(10 * ReceiveCoalescing::kMany);
  EXPECT_EQ(coalescing.Delay(kBegin + 1s), 0ns);
}

}  // namespace
}  // namespace mosh::io
