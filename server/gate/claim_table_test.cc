#include "server/gate/claim_table.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

io::SocketAddress Client(uint16_t port) { return io::SocketAddress::LoopbackV4(port); }

TEST(ClaimTable, FindsWhoClaimedLast) {
  ClaimTable table(10);
  EXPECT_EQ(table.Find(Client(1)), 0);
  table.Claim(Client(1), 5);
  EXPECT_EQ(table.Find(Client(1)), 5);
  table.Claim(Client(1), 6);
  EXPECT_EQ(table.Find(Client(1)), 6);
  EXPECT_EQ(table.size(), 1);
  EXPECT_EQ(table.CountOf(5), 0);
}

TEST(ClaimTable, LeastRecentlyUsedGoesFirst) {
  ClaimTable table(3);
  for (uint16_t port : {1, 2, 3}) table.Claim(Client(port), 5);
  EXPECT_EQ(table.Find(Client(1)), 5);
  table.Claim(Client(4), 5);
  EXPECT_EQ(table.Find(Client(1)), 5);
  EXPECT_EQ(table.Find(Client(2)), 0);
  EXPECT_EQ(table.size(), 3);
}

TEST(ClaimTable, GreedyHostPushesOutOnlyItsOwn) {
  ClaimTable table(100);
  for (uint16_t port = 1; port <= 10; ++port) table.Claim(Client(port), 5);
  for (uint16_t port = 1000; port < 5000; ++port) table.Claim(Client(port), 6);
  EXPECT_EQ(table.CountOf(5), 10);
  EXPECT_EQ(table.CountOf(6), 90);
}

TEST(ClaimTable, LateComerGetsItsShare) {
  ClaimTable table(100);
  for (uint16_t port = 1000; port < 2000; ++port) table.Claim(Client(port), 6);
  for (uint16_t port = 1; port <= 80; ++port) table.Claim(Client(port), 5);
  EXPECT_EQ(table.CountOf(5), 50);
  EXPECT_EQ(table.CountOf(6), 50);
}

TEST(ClaimTable, ForgetsAHost) {
  ClaimTable table(10);
  table.Claim(Client(1), 5);
  table.Claim(Client(2), 6);
  table.ForgetHost(5);
  EXPECT_EQ(table.Find(Client(1)), 0);
  EXPECT_EQ(table.Find(Client(2)), 6);
  table.Forget(Client(2));
  EXPECT_EQ(table.size(), 0);
}

TEST(ClaimTable, GivesTheNewestOfEachHostInTurn) {
  ClaimTable table(10);
  for (uint16_t i = 1; i <= 5; ++i) table.Claim(Client(i), 1);
  table.Claim(Client(10), 2);
  table.Find(Client(1));
  const std::vector<io::SocketAddress> newest = table.Newest(4);
  EXPECT_THAT(newest, testing::UnorderedElementsAre(Client(10), Client(1), Client(5), Client(4)));
  EXPECT_EQ(table.Newest(100).size(), 6);
}

}  // namespace
}  // namespace mosh::server::gate
