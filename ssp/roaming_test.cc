// PortHopper and PeerTracker.
#include <string>

#include "gtest/gtest.h"
#include "ssp/peer_tracker.h"
#include "ssp/port_hopper.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

const Instant kStart = Instant::FromMillis(1000);

TEST(PortHopper, HopsEveryTenSecondsUntilConnected) {
  PortHopper hopper(kStart);
  EXPECT_FALSE(hopper.OnSent(kStart + 10s, std::nullopt));
  EXPECT_TRUE(hopper.OnSent(kStart + 10001ms, std::nullopt));
  hopper.OnHopped(kStart + 10001ms);
  EXPECT_FALSE(hopper.OnSent(kStart + 20s, std::nullopt));
  EXPECT_TRUE(hopper.OnSent(kStart + 20002ms, std::nullopt));
}

TEST(PortHopper, RecentRoundTripKeepsThePort) {
  const PortHopper hopper(kStart);
  EXPECT_FALSE(hopper.OnSent(kStart + 60s, kStart + 50s));
  EXPECT_TRUE(hopper.OnSent(kStart + 60s, kStart + 49s));
}

TEST(PortHopper, FailedHopIsNotRetriedAtEveryDatagram) {
  PortHopper hopper(kStart);
  hopper.OnHopFailed(kStart + 11s);
  EXPECT_FALSE(hopper.OnSent(kStart + 12s, std::nullopt));
  EXPECT_EQ(hopper.sockets(), 1u);
}

TEST(PortHopper, KeepsTenSocketsAndOneAfterAMinute) {
  PortHopper hopper(kStart);
  Instant now = kStart;
  size_t closed = 0;
  for (int i = 0; i < 12; ++i) {
    now += 11s;
    hopper.OnHopped(now);
    closed += hopper.PruneCount(now);
  }
  EXPECT_EQ(hopper.sockets(), 10u);
  EXPECT_EQ(closed, 3u);
  EXPECT_EQ(hopper.PruneCount(now + 60s), 0u);
  EXPECT_EQ(hopper.PruneCount(now + 60001ms), 9u);
  EXPECT_EQ(hopper.sockets(), 1u);
}

TEST(PeerTracker, FollowsTheNewestDatagramOnly) {
  PeerTracker<std::string> tracker;
  EXPECT_TRUE(tracker.OnReceived(true, "home", kStart));
  EXPECT_FALSE(tracker.OnReceived(true, "home", kStart + 1s));
  EXPECT_FALSE(tracker.OnReceived(false, "attacker", kStart + 2s));
  EXPECT_EQ(*tracker.peer(), "home");
  EXPECT_TRUE(tracker.OnReceived(true, "train", kStart + 3s));
  EXPECT_EQ(*tracker.peer(), "train");
}

TEST(PeerTracker, ForgetsASilentPeerAfterForty) {
  PeerTracker<std::string> tracker;
  tracker.OnReceived(true, "home", kStart);
  EXPECT_FALSE(tracker.OnSent(kStart + 40s));
  EXPECT_TRUE(tracker.OnSent(kStart + 40001ms));
  EXPECT_FALSE(tracker.has_peer());
  EXPECT_TRUE(tracker.OnReceived(true, "home", kStart + 50s));
}

}  // namespace
}  // namespace mosh::ssp
