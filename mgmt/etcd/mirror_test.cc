#include "mgmt/etcd/mirror.h"

#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "mgmt/etcd/backoff.h"
#include "mgmt/etcd/testing/fake_etcd.h"

namespace mosh::mgmt::etcd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct MirrorTest : testing::Test {
  MirrorTest() { world.Start(store.Run(world.stop())); }
  ~MirrorTest() override { EXPECT_TRUE(world.StopAll()); }

  void Start() { world.Start(mirror.Run(world.stop())); }
  // "a=1 b=2"
  std::string Shown() const {
    std::string shown;
    for (const auto& [key, value] : mirror.values()) {
      shown += (shown.empty() ? "" : " ") + key + "=" + value.value;
    }
    return shown;
  }

  io::sim::SimWorld world{1};
  io::sim::SimReactor& reactor = world.AddHost("h", "192.0.2.1");
  FakeStore store{&reactor};
  FakeEtcd etcd{&store};
  int changes = 0;
  Mirror mirror{&reactor, &etcd, "/p/", [this] { ++changes; }};
};

TEST_F(MirrorTest, ShowsWhatIsUnderThePrefixAndFollowsIt) {
  store.Put("/p/a", "1");
  store.Put("/q/a", "no");
  EXPECT_FALSE(mirror.tried());
  Start();
  world.RunFor(seconds(1));
  EXPECT_EQ(Shown(), "a=1");
  EXPECT_TRUE(mirror.status().ok());
  store.Put("/p/b", "2");
  store.Put("/p/a", "3");
  world.RunFor(seconds(1));
  EXPECT_EQ(Shown(), "a=3 b=2");
  EXPECT_EQ(mirror.values().at("a").revision, store.entries().at("/p/a").revision);
  store.Delete("/p/b");
  world.RunFor(seconds(1));
  EXPECT_EQ(Shown(), "a=3");
  EXPECT_EQ(store.lists(), 1);
}

TEST_F(MirrorTest, StaysAsItWasWhileEtcdIsAwayAndGoesOnFromThere) {
  store.Put("/p/a", "1");
  Start();
  world.RunFor(seconds(1));
  etcd.SetReachable(false);
  store.Delete("/p/a");
  store.Put("/p/b", "2");
  world.RunFor(seconds(60));
  EXPECT_EQ(Shown(), "a=1");
  EXPECT_EQ(mirror.status().code(), absl::StatusCode::kUnavailable);
  etcd.SetReachable(true);
  world.RunFor(Backoff::kLast);
  EXPECT_EQ(Shown(), "b=2");
  EXPECT_TRUE(mirror.status().ok());
  EXPECT_EQ(store.lists(), 1);
}

TEST_F(MirrorTest, ListsAnewWhatWasForgotten) {
  store.Put("/p/a", "1");
  Start();
  world.RunFor(seconds(1));
  etcd.SetReachable(false);
  world.RunFor(seconds(1));
  store.Delete("/p/a");
  store.Put("/p/b", "2");
  store.Compact();
  etcd.SetReachable(true);
  world.RunFor(Backoff::kLast);
  EXPECT_EQ(Shown(), "b=2");
  EXPECT_EQ(store.lists(), 2);
}

TEST_F(MirrorTest, ListsAnewWhenTheStoreHasGoneBack) {
  for (int i = 0; i < 9; ++i) store.Put("/p/a", "1");
  Start();
  world.RunFor(seconds(1));
  store.SetDown(true);
  world.RunFor(seconds(1));
  store.Wipe();
  store.Put("/p/c", "new");
  store.SetDown(false);
  world.RunFor(Backoff::kLast);
  EXPECT_EQ(Shown(), "c=new");
}

TEST_F(MirrorTest, TellsOfEachChangeAndOfNothingElse) {
  Start();
  world.RunFor(seconds(1));
  changes = 0;
  store.Put("/q/a", "elsewhere");
  world.RunFor(seconds(100));
  EXPECT_EQ(changes, 0);
  store.Put("/p/a", "1");
  world.RunFor(seconds(1));
  EXPECT_EQ(changes, 1);
  etcd.SetReachable(false);
  world.RunFor(seconds(60));
  EXPECT_EQ(changes, 2);
}

TEST_F(MirrorTest, AWatchThatBreaksAndGoesOnIsNoNews) {
  store.Put("/p/a", "1");
  Start();
  world.RunFor(seconds(1));
  changes = 0;
  for (int i = 0; i < 10; ++i) {
    etcd.BreakWatches();
    world.RunFor(Backoff::kFirst + milliseconds(10));
    EXPECT_TRUE(mirror.status().ok());
  }
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(store.lists(), 1);
  store.Put("/p/a", "2");
  world.RunFor(seconds(1));
  EXPECT_EQ(Shown(), "a=2");
}

TEST(Backoff, GrowsToItsBoundAndBeginsAnew) {
  Backoff backoff(7);
  std::chrono::nanoseconds last{0};
  for (int i = 0; i < 20; ++i) {
    last = backoff.Next();
    EXPECT_LE(last, Backoff::kLast);
  }
  EXPECT_GE(last, Backoff::kLast / 2);
  backoff.Reset();
  EXPECT_LE(backoff.Next(), Backoff::kFirst);
}

}  // namespace
}  // namespace mosh::mgmt::etcd
