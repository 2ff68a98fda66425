#include "server/flood_gauge.h"

#include <chrono>

#include "base/instant.h"
#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

constexpr Instant kBegin = Instant::FromMillis(1000);

// So many a second of which `share` reach us, until now is `kBegin` + `until`.
void Send(FloodGauge* gauge, double per_second, double share, std::chrono::milliseconds from,
          std::chrono::milliseconds until) {
  double due = 0;
  for (auto t = from; t < until; t += 1ms) {
    due += per_second * share / 1000;
    for (; due >= 1; --due) gauge->OnStranger();
    gauge->Measure(kBegin + t + 1ms, share);
  }
}

TEST(FloodGauge, AFewStrangersAreNoFlood) {
  FloodGauge gauge(kBegin);
  Send(&gauge, FloodGauge::kFlood * 0.9, 1, 0ms, 1000ms);
  EXPECT_FALSE(gauge.flooded(kBegin + 1s));
  EXPECT_EQ(gauge.share(), 1);
}

TEST(FloodGauge, KnowsAFloodAfterOneWindowAndWhatShareOfItCanBeRead) {
  FloodGauge gauge(kBegin);
  Send(&gauge, 10 * FloodGauge::kRead, 1, 0ms, FloodGauge::kWindow);
  const Instant now = kBegin + FloodGauge::kWindow;
  EXPECT_TRUE(gauge.flooded(now));
  EXPECT_NEAR(gauge.rate(), 10 * FloodGauge::kRead, 1);
  EXPECT_NEAR(gauge.share(), 0.1, 0.001);
}

TEST(FloodGauge, SeesTheWholeFloodByTheShareThatIsRead) {
  FloodGauge gauge(kBegin);
  Send(&gauge, 10 * FloodGauge::kRead, 0.1, 0ms, 1000ms);
  EXPECT_NEAR(gauge.rate(), 10 * FloodGauge::kRead, 0.05 * 10 * FloodGauge::kRead);
  EXPECT_TRUE(gauge.flooded(kBegin + 1s));
}

TEST(FloodGauge, AFloodIsOverAfterACalm) {
  FloodGauge gauge(kBegin);
  Send(&gauge, 1e6, 1, 0ms, 100ms);
  Send(&gauge, 0, 1, 100ms, 1000ms);
  EXPECT_TRUE(gauge.flooded(kBegin + 1s));
  EXPECT_EQ(gauge.share(), 1);
  EXPECT_FALSE(gauge.flooded(kBegin + 100ms + FloodGauge::kCalm));
}

TEST(FloodGauge, ABurstAfterALongSilenceIsNoFlood) {
  FloodGauge gauge(kBegin);
  for (int i = 0; i < 10'000; ++i) gauge.OnStranger();
  EXPECT_TRUE(gauge.Measure(kBegin + 10s, 1));
  EXPECT_FALSE(gauge.flooded(kBegin + 10s));
}

}  // namespace
}  // namespace mosh::server
