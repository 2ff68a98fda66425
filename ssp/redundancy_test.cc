#include "ssp/redundancy.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

constexpr Path kPath{
    .frame_interval = 50ms, .rto = 100ms, .srtt = 100ms, .latest_rtt = 100ms, .measured = true};
constexpr size_t kOctets = 100;
const Instant kStart = Instant::FromMillis(100'000);
using Offsets = std::vector<std::chrono::nanoseconds>;

struct Fixture {
  Redundancy redundancy{kStart};
  Instant now = kStart;

  void SendCopy() {
    redundancy.OnCarried();
    redundancy.Charge(now, kOctets);
  }
  // The offsets at which a new state's copies leave, if all that is due is sent.
  Offsets Series(size_t diff_octets = 20) {
    const Instant start = now;
    redundancy.OnNewState(now, diff_octets);
    Offsets offsets;
    while (redundancy.CopyDue() != Instant::Max()) {
      now = std::max(now, redundancy.CopyDue());
      offsets.push_back(now - start);
      SendCopy();
    }
    now += 1s;  // the budget recovers
    return offsets;
  }
};

TEST(Redundancy, NoneWithoutLosses) {
  Fixture f;
  f.redundancy.OnLossRate(0);
  EXPECT_EQ(f.Series(), Offsets{});
}

TEST(Redundancy, AFewBeforeAnythingIsKnown) {
  Fixture f;
  EXPECT_EQ(f.Series(), (Offsets{10ms, 50ms}));
}

TEST(Redundancy, DepthFollowsTheLosses) {
  Fixture f;
  f.redundancy.OnLossRate(0.004);
  EXPECT_EQ(f.Series(), Offsets{});
  f.redundancy.OnLossRate(0.02);
  EXPECT_EQ(f.Series(), (Offsets{50ms}));
  f.redundancy.OnLossRate(0.1);
  EXPECT_EQ(f.Series(), (Offsets{10ms, 50ms}));
  f.redundancy.OnLossRate(0.29);
  EXPECT_EQ(f.Series(), (Offsets{1ms, 3ms, 8ms, 50ms}));
  f.redundancy.OnLossRate(1);
  EXPECT_EQ(f.Series().size(), static_cast<size_t>(Redundancy::kMostCopies));
}

TEST(Redundancy, EndsWithTheAcknowledgement) {
  Fixture f;
  f.redundancy.OnLossRate(0.29);
  f.redundancy.OnNewState(f.now, 20);
  EXPECT_EQ(f.redundancy.CopyDue(), f.now + 1ms);
  f.redundancy.Stop();
  EXPECT_EQ(f.redundancy.CopyDue(), Instant::Max());
}

TEST(Redundancy, WhatCarriesTheStateAlongIsACopy) {
  Fixture f;
  f.redundancy.OnLossRate(0.02);
  f.redundancy.OnNewState(f.now, 20);
  f.redundancy.OnCarried();
  EXPECT_EQ(f.redundancy.CopyDue(), Instant::Max());
}

TEST(Redundancy, NotForLargeStates) {
  Fixture f;
  f.redundancy.OnLossRate(0.29);
  EXPECT_EQ(f.Series(Redundancy::kMaxDiff).size(), 4u);
  EXPECT_EQ(f.Series(Redundancy::kMaxDiff + 1), Offsets{});
}

TEST(Redundancy, StaysWithinItsBudget) {
  Fixture f;
  f.redundancy.OnLossRate(1);
  int copies = 0;
  while (f.now < kStart + 60s) {
    f.redundancy.OnNewState(f.now, 20);
    const Instant next = f.now + 33ms;  // a key that repeats itself
    while (f.redundancy.CopyDue() < next) {
      f.now = std::max(f.now, f.redundancy.CopyDue());
      f.SendCopy();
      ++copies;
    }
    f.now = next;
  }
  const double a_second = Redundancy::kOctetsPerSecond / Redundancy::kLeastCost;
  EXPECT_LE(copies, 61 * a_second + 1);
  EXPECT_GE(copies, 50 * a_second);
}

TEST(Redundancy, LargeCopiesCostMore) {
  Fixture small, large;
  small.redundancy.OnLossRate(1);
  large.redundancy.OnLossRate(1);
  for (int i = 0; i < 20; ++i) {
    small.redundancy.Charge(kStart, 60);
    large.redundancy.Charge(kStart, 600);
  }
  small.redundancy.OnNewState(kStart, 20);
  large.redundancy.OnNewState(kStart, 20);
  EXPECT_EQ(small.redundancy.CopyDue(), kStart + 1ms);
  EXPECT_GE(large.redundancy.CopyDue(), kStart + 1500ms);  // 12,000 octets against 4,800
}

TEST(Redundancy, SparesAPathThatQueues) {
  Fixture f;
  f.redundancy.OnLossRate(0.29);
  f.redundancy.OnPath(kPath, f.now);
  Path queueing = kPath;
  queueing.latest_rtt = 160ms;
  f.redundancy.OnPath(queueing, f.now);
  EXPECT_EQ(f.Series().size(), 4u);  // that is jitter
  queueing.latest_rtt = 180ms;
  f.redundancy.OnPath(queueing, f.now);
  EXPECT_EQ(f.Series(), Offsets{});
  f.redundancy.OnPath(kPath, f.now);
  EXPECT_EQ(f.Series().size(), 4u);
}

TEST(Redundancy, LongerPathIsTakenForOneInTheEnd) {
  Fixture f;
  f.redundancy.OnLossRate(0.29);
  f.redundancy.OnPath(kPath, f.now);
  Path longer = kPath;
  longer.latest_rtt = 400ms;
  f.redundancy.OnPath(longer, f.now);
  EXPECT_EQ(f.Series(), Offsets{});
  for (int i = 0; i < 130; ++i) {
    f.now += 1s;
    f.redundancy.OnPath(longer, f.now);
  }
  EXPECT_EQ(f.Series().size(), 4u);
}

}  // namespace
}  // namespace mosh::ssp
