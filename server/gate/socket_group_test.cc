// Real sockets on loopback: only the kernel can say where it steers a datagram.
#include "server/gate/socket_group.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "crypto/route_tag.h"
#include "gtest/gtest.h"
#include "server/gate/route_program.h"
#include "server/source_filter.h"

namespace mosh::server::gate {
namespace {

using crypto::RouteTag;

class SocketGroupTest : public testing::Test {
 protected:
  void Open(size_t sockets) {
    absl::StatusOr<SocketGroup> group = SocketGroup::Open(io::SocketAddress::AnyV6(0));
    if (!group.ok()) group = SocketGroup::Open(io::SocketAddress::AnyV4(0));
    ASSERT_TRUE(group.ok()) << group.status();
    group_.push_back(*std::move(group));
    while (this->group().size() < sockets) ASSERT_TRUE(this->group().Grow().ok());
    ASSERT_TRUE(this->group().Steer().ok());
  }
  SocketGroup& group() { return group_.front(); }

  // Sends one datagram of `size` octets that starts with these 64 bits.
  void Send(uint64_t first, size_t size, bool v6 = false) {
    const io::SocketAddress to = v6 ? io::SocketAddress::LoopbackV6(group().local().port())
                                    : io::SocketAddress::LoopbackV4(group().local().port());
    io::OwnedFd fd(socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::vector<uint8_t> bytes(std::max<size_t>(size, 8), 7);
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(first >> (56 - 8 * i));
    ASSERT_EQ(sendto(fd.get(), bytes.data(), size, 0, to.address(), to.length()), size);
  }
  // Loopback delivers within the call to send. How many each socket has, which takes them.
  std::vector<int> Arrived() {
    std::vector<int> counts;
    for (size_t i = 0; i < group().size(); ++i) {
      uint8_t byte;
      counts.push_back(0);
      while (recv(group().socket(i), &byte, 1, MSG_DONTWAIT | MSG_TRUNC) > 0) ++counts.back();
    }
    return counts;
  }
  static uint64_t Sequence(uint16_t host, uint16_t endpoint = 3) {
    return RouteTag{host, endpoint}.FirstSequence().value + 5;
  }

 private:
  std::vector<SocketGroup> group_;
};

using Counts = std::vector<int>;

TEST_F(SocketGroupTest, TaggedDatagramsReachTheirHosts) {
  Open(5);
  for (const uint16_t host : {1, 2, 3, 4, 4, 4}) Send(Sequence(host), 100);
  EXPECT_EQ(Arrived(), (Counts{0, 1, 1, 1, 3}));
}

TEST_F(SocketGroupTest, Ipv6IsSteeredAlike) {
  Open(3);
  if (group().local().family() != AF_INET6) GTEST_SKIP() << "no IPv6 here";
  for (const uint16_t host : {1, 2, 2}) Send(Sequence(host), 100, true);
  Send(77, 100, true);
  EXPECT_EQ(Arrived(), (Counts{1, 1, 2}));
}

TEST_F(SocketGroupTest, StockClientsReachTheGate) {
  Open(3);
  for (const uint64_t sequence : {uint64_t{0}, uint64_t{1}, RouteTag::kSequences - 1}) {
    Send(sequence, kLeastDatagram);
  }
  EXPECT_EQ(Arrived(), (Counts{3, 0, 0}));
}

TEST_F(SocketGroupTest, WhatNoClientSendsReachesNobody) {
  Open(3);
  Send(0, kLeastDatagram - 1);
  Send(Sequence(1), kLeastDatagram - 1);
  Send(0, 0);
  Send(0, 3);
  const uint64_t from_a_server = uint64_t{1} << 63;
  Send(from_a_server, 100);
  Send(from_a_server | Sequence(1), 100);
  Send(Sequence(3), 100);     // no such Host
  Send(Sequence(4095), 100);  // no such Host
  Send(Sequence(0, 1), 100);  // an endpoint of nobody
  EXPECT_EQ(Arrived(), (Counts{0, 0, 0}));
}

TEST_F(SocketGroupTest, GrowsInOrder) {
  Open(2);
  Send(Sequence(2), 100);
  EXPECT_EQ(Arrived(), (Counts{0, 0}));
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(group().Grow().ok());
  ASSERT_TRUE(group().Steer().ok());
  Send(Sequence(1), 100);
  Send(Sequence(2), 100);
  Send(Sequence(301), 100);
  const Counts arrived = Arrived();
  EXPECT_EQ(arrived[1], 1);
  EXPECT_EQ(arrived[2], 1);
  EXPECT_EQ(arrived[301], 1);
}

TEST_F(SocketGroupTest, PortIsNotTakenTwice) {
  Open(2);
  const absl::StatusOr<SocketGroup> second = SocketGroup::Open(group().local());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(SocketGroupTest, AHostFiltersItsOwnSocketOnly) {
  Open(3);
  ASSERT_TRUE(AttachFilter(group().socket(1), SourceFilter({}, 0)).ok());
  ASSERT_TRUE(group().Steer().ok());
  for (const uint16_t host : {1, 2}) Send(Sequence(host), 100);
  EXPECT_EQ(Arrived(), (Counts{0, 0, 1}));
}

TEST_F(SocketGroupTest, SteeringRepairsARemovedProgram) {
  Open(3);
  const int ignored = 1;
  ASSERT_EQ(
      setsockopt(group().socket(2), SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &ignored, sizeof ignored),
      0);
  ASSERT_TRUE(group().Steer().ok());
  for (int i = 0; i < 20; ++i) Send(Sequence(2), 100);
  EXPECT_EQ(Arrived(), (Counts{0, 0, 20}));
}

TEST_F(SocketGroupTest, AdoptedGroupGoesOn) {
  Open(3);
  std::vector<io::OwnedFd> copies;
  for (size_t i = 0; i < 3; ++i) copies.emplace_back(dup(group().socket(i)));
  absl::StatusOr<SocketGroup> adopted = SocketGroup::Adopt(std::move(copies));
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ(adopted->local(), group().local());
  ASSERT_TRUE(adopted->Grow().ok());
  ASSERT_TRUE(adopted->Steer().ok());
  Send(Sequence(2), 100);
  Send(Sequence(3), 100);
  EXPECT_EQ(Arrived(), (Counts{0, 0, 1}));
  uint8_t byte;
  EXPECT_EQ(recv(adopted->socket(3), &byte, 1, MSG_DONTWAIT | MSG_TRUNC), 100);
}

TEST_F(SocketGroupTest, DrainsWhatAnotherOwnerLeft) {
  Open(2);
  for (int i = 0; i < 9; ++i) Send(Sequence(1), 100);
  group().Drain(1);
  EXPECT_EQ(Arrived(), (Counts{0, 0}));
}

}  // namespace
}  // namespace mosh::server::gate
