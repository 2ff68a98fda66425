// Pacer, PayloadLimit and ShutdownTimer: the small clocks.
#include "gtest/gtest.h"
#include "ssp/pacer.h"
#include "ssp/payload_limit.h"
#include "ssp/shutdown_timer.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

TEST(Pacer, BurstThenSteadyRate) {
  Instant now = Instant::FromMillis(1000);
  Pacer pacer(3, 3, now);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(pacer.ReadyAt(20ms), now);
    pacer.Spend(now, 20ms);
  }
  EXPECT_EQ(pacer.ReadyAt(20ms), now + 20ms);
}

TEST(Pacer, NeverAllowsMoreThanRatePlusBurst) {
  Instant now;
  Pacer pacer(3, 3, now);
  int sent = 0;
  while (now < Instant::FromMillis(10'000)) {
    now = std::max(now, pacer.ReadyAt(20ms));
    pacer.Spend(now, 20ms);
    ++sent;
  }
  EXPECT_LE(sent, 10'000 / 20 + 3 + 1);
}

TEST(Pacer, IdlenessSavesNoMoreThanTheBurst) {
  Pacer pacer(3, 6, Instant());
  Instant now;
  for (int i = 0; i < 6; ++i) pacer.Spend(now, 20ms);
  EXPECT_GT(pacer.ReadyAt(20ms), now);
  now += 1h;
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(pacer.ReadyAt(20ms), now);
    pacer.Spend(now, 20ms);
  }
  EXPECT_GT(pacer.ReadyAt(20ms), now);
}

TEST(Pacer, FasterPathShortensTheWait) {
  Pacer pacer(1, 1, Instant());
  pacer.Spend(Instant(), 250ms);
  EXPECT_EQ(pacer.ReadyAt(250ms), Instant() + 250ms);
  EXPECT_EQ(pacer.ReadyAt(20ms), Instant() + 20ms);
}

TEST(PayloadLimit, ShrinksAndTriesAgainMoreAndMoreRarely) {
  PayloadLimit limit(AddressFamily::kIpv4);
  const Instant now = Instant::FromMillis(1000);
  EXPECT_EQ(limit.At(now), 1252u);
  limit.OnTooBig(now);
  limit.OnTooBig(now + 1ms);  // the same attempt
  EXPECT_EQ(limit.At(now + 59s), 500u);
  EXPECT_EQ(limit.At(now + 60s), 1252u);
  limit.OnTooBig(now + 60s);
  EXPECT_EQ(limit.At(now + 179s), 500u);
  EXPECT_EQ(limit.At(now + 180s), 1252u);
}

TEST(PayloadLimit, FamilyDecidesAndStartsAfresh) {
  PayloadLimit limit(AddressFamily::kIpv4);
  limit.OnTooBig(Instant());
  limit.SetFamily(AddressFamily::kIpv6);
  EXPECT_EQ(limit.At(Instant()), 1216u);
}

TEST(ShutdownTimer, SameNumberOfRequestsCoversSecondsOnAFastLink) {
  const Path lan{.frame_interval = 20ms, .rto = 50ms, .srtt = 1ms, .measured = true};
  ShutdownTimer timer(TransportConfig::Server());
  Instant now = Instant::FromMillis(1000);
  const Instant start = now;
  timer.Start(now);
  int requests = 0;
  while (timer.RequestDue() != Instant::Max()) {
    now = std::max(now, timer.RequestDue());
    timer.OnRequestSent(now, lan);
    ++requests;
  }
  EXPECT_EQ(requests, 16);
  EXPECT_GT(timer.GivesUpAt(lan) - start, 5s);
  EXPECT_LE(timer.GivesUpAt(lan) - start, 10s);
}

TEST(ShutdownTimer, FirstRequestsKeepTheFrameRate) {
  const Path lan{.frame_interval = 20ms, .rto = 50ms, .srtt = 1ms, .measured = true};
  ShutdownTimer timer(TransportConfig::Server());
  Instant now;
  timer.Start(now);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(timer.RequestDue(), now);
    timer.OnRequestSent(now, lan);
    now += 20ms;
  }
}

TEST(ShutdownTimer, TimeLimitHoldsWithoutAnyRequest) {
  const Path path{.frame_interval = 250ms, .rto = 1000ms};
  ShutdownTimer timer(TransportConfig::Server());
  EXPECT_EQ(timer.GivesUpAt(path), Instant::Max());
  timer.Start(Instant::FromMillis(5));
  timer.Start(Instant::FromMillis(500));  // idempotent
  EXPECT_EQ(timer.GivesUpAt(path), Instant::FromMillis(10'005));
}

}  // namespace
}  // namespace mosh::ssp
