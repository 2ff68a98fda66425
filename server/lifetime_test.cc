#include "server/lifetime.h"

#include <signal.h>

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using Wish = Lifetime::Wish;

constexpr Instant kStart = Instant::FromMillis(1000);

TEST(Lifetime, LeavesAfterAMinuteWithoutAClient) {
  Lifetime lifetime(Timeouts(), kStart);
  EXPECT_EQ(lifetime.NextDeadline(false), kStart + 60s);
  EXPECT_EQ(lifetime.OnTime(false, kStart + 59999ms).wish, Wish::kStay);
  const Lifetime::Decision decision = lifetime.OnTime(false, kStart + 60s);
  EXPECT_EQ(decision.wish, Wish::kLeave);
  EXPECT_EQ(decision.message, "No connection within 60 seconds.");
}

TEST(Lifetime, StaysForEverOnceContactedAndSleeps) {
  Lifetime lifetime(Timeouts(), kStart);
  lifetime.OnClientState(kStart + 1s);
  EXPECT_EQ(lifetime.NextDeadline(false), Instant::Max());
  EXPECT_EQ(lifetime.OnTime(false, kStart + 24h * 365).wish, Wish::kStay);
}

TEST(Lifetime, IdleNetworkCountsFromTheNewestClientState) {
  Lifetime lifetime({.network = 10s}, kStart);
  EXPECT_EQ(lifetime.NextDeadline(false), kStart + 10s);
  lifetime.OnClientState(kStart + 5s);
  EXPECT_EQ(lifetime.OnTime(false, kStart + 14s).wish, Wish::kStay);
  const Lifetime::Decision decision = lifetime.OnTime(false, kStart + 15s);
  EXPECT_EQ(decision.wish, Wish::kShutDown);
  EXPECT_EQ(decision.message, "Network idle for 10 seconds.");
  EXPECT_EQ(lifetime.OnTime(true, kStart + 16s).wish, Wish::kStay);
  EXPECT_EQ(lifetime.NextDeadline(true), Instant::Max());
}

TEST(Lifetime, SecondTerminationLeavesAtOnce) {
  Lifetime lifetime(Timeouts(), kStart);
  EXPECT_EQ(lifetime.OnSignal(SIGTERM, false, kStart).wish, Wish::kShutDown);
  EXPECT_EQ(lifetime.OnSignal(SIGINT, true, kStart).wish, Wish::kLeave);
}

TEST(Lifetime, Usr1AlwaysEndsWithoutALimit) {
  Lifetime lifetime(Timeouts(), kStart);
  lifetime.OnClientState(kStart);
  const Lifetime::Decision decision = lifetime.OnSignal(SIGUSR1, false, kStart + 2500ms);
  EXPECT_EQ(decision.wish, Wish::kShutDown);
  EXPECT_EQ(decision.message, "Network idle for 2 seconds when SIGUSR1 received");
  EXPECT_EQ(lifetime.OnSignal(SIGUSR1, true, kStart + 3s).wish, Wish::kStay);
}

TEST(Lifetime, Usr1SparesTheLivelyClient) {
  Lifetime lifetime({.signal = 60s}, kStart);
  lifetime.OnClientState(kStart);
  EXPECT_EQ(lifetime.OnSignal(SIGUSR1, false, kStart + 59s).wish, Wish::kStay);
  EXPECT_EQ(lifetime.OnSignal(SIGUSR1, false, kStart + 60s).wish, Wish::kShutDown);
}

TEST(Lifetime, OtherSignalsMeanNothing) {
  Lifetime lifetime(Timeouts(), kStart);
  EXPECT_EQ(lifetime.OnSignal(SIGHUP, false, kStart).wish, Wish::kStay);
}

}  // namespace
}  // namespace mosh::server
