// A real socket on loopback, where the filter is, and a virtual clock.
#include "server/flood_shield.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "io/address.h"
#include "io/owned_fd.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"
#include "server/source_filter.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

class FloodShieldTest : public testing::Test {
 protected:
  FloodShieldTest() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const io::SocketAddress local = io::SocketAddress::LoopbackV4(0);
    EXPECT_EQ(bind(socket_.get(), local.address(), local.length()), 0);
    sockaddr_in raw{};
    socklen_t length = sizeof raw;
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&raw), &length), 0);
    port_ = ntohs(raw.sin_port);
  }

  void Build(std::vector<sock_filter> check = {}) {
    shield_ = std::make_unique<FloodShield>(
        &reactor_, std::move(check), [this](size_t) { return clients_; },
        [this](absl::string_view line) { log_.emplace_back(line); });
    shield_->AddSocket(socket_.get());
  }
  // Of a million datagrams a second as many as the shield's filter lets pass: after the first
  // window one in forty.
  void Flood(std::chrono::milliseconds time) {
    for (auto t = 0ms; t < time; t += 1ms) {
      const int strangers = shield_->raised() ? 25 : 1000;
      for (int i = 0; i < strangers; ++i) shield_->OnStranger();
      world_.RunFor(1ms);
      shield_->Update();
    }
  }
  bool Passes(const std::string& from) {
    const io::SocketAddress source = *io::SocketAddress::Parse(from, 0);
    const io::SocketAddress to = io::SocketAddress::LoopbackV4(port_);
    io::OwnedFd sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(bind(sender.get(), source.address(), source.length()), 0);
    EXPECT_EQ(sendto(sender.get(), "x", 1, 0, to.address(), to.length()), 1);
    char byte;
    return recv(socket_.get(), &byte, 1, MSG_DONTWAIT) == 1;
  }
  // Of a hundred.
  int PassedOf100(const std::string& from) {
    int passed = 0;
    for (int i = 0; i < 100; ++i) passed += Passes(from) ? 1 : 0;
    return passed;
  }

  io::sim::SimWorld world_{1};
  io::Reactor& reactor_ = world_.AddHost("server", "192.0.2.1");
  io::OwnedFd socket_;
  uint16_t port_ = 0;
  std::vector<io::SocketAddress> clients_ = {*io::SocketAddress::Parse("127.0.0.2", 7)};
  std::vector<std::string> log_;
  std::unique_ptr<FloodShield> shield_;
};

TEST_F(FloodShieldTest, WithoutAFloodEverythingPasses) {
  Build();
  for (int i = 0; i < 100; ++i) {
    shield_->OnStranger();
    world_.RunFor(1ms);
    shield_->Update();
  }
  EXPECT_FALSE(shield_->raised());
  EXPECT_EQ(PassedOf100("127.0.0.3"), 100);
  EXPECT_TRUE(log_.empty());
}

TEST_F(FloodShieldTest, InAFloodClientsPassAndFewStrangers) {
  Build();
  Flood(100ms);
  EXPECT_TRUE(shield_->raised());
  EXPECT_EQ(PassedOf100("127.0.0.2"), 100);
  // One in forty is expected.
  EXPECT_LT(PassedOf100("127.0.0.3"), 25);
  ASSERT_EQ(log_.size(), 1);
  EXPECT_TRUE(absl::StrContains(log_[0], "about 1000000 a second")) << log_[0];
}

TEST_F(FloodShieldTest, AClientThatMovedPassesFromItsNewAddress) {
  Build();
  Flood(100ms);
  clients_ = {*io::SocketAddress::Parse("127.0.0.3", 7)};
  shield_->OnClientMoved();
  Flood(FloodGauge::kWindow);
  EXPECT_EQ(PassedOf100("127.0.0.3"), 100);
  EXPECT_LT(PassedOf100("127.0.0.2"), 25);
}

// Nothing may arrive any more that would call Update().
TEST_F(FloodShieldTest, EndsByItselfAfterTheFlood) {
  Build();
  Flood(100ms);
  world_.RunFor(2 * FloodGauge::kCalm + FloodGauge::kWindow);
  EXPECT_FALSE(shield_->raised());
  EXPECT_EQ(PassedOf100("127.0.0.3"), 100);
  ASSERT_EQ(log_.size(), 2);
  EXPECT_TRUE(absl::StrContains(log_[1], "has ended")) << log_[1];
  EXPECT_TRUE(world_.RunUntilIdle(world_.Now() + 1h)) << "it keeps a timer";
}

TEST_F(FloodShieldTest, ChecksBeforeInAFloodAndAfterIt) {
  // Drops everything.
  Build({{BPF_RET | BPF_K, 0, 0, 0}});
  EXPECT_FALSE(Passes("127.0.0.2"));
  Flood(100ms);
  EXPECT_FALSE(Passes("127.0.0.2"));
  world_.RunFor(2 * FloodGauge::kCalm + FloodGauge::kWindow);
  ASSERT_FALSE(shield_->raised());
  EXPECT_FALSE(Passes("127.0.0.2"));
}

TEST_F(FloodShieldTest, AFilterThatAnotherOwnerLeftGoes) {
  ASSERT_TRUE(AttachFilter(socket_.get(), SourceFilter({}, 0)).ok());
  ASSERT_FALSE(Passes("127.0.0.2"));
  Build();
  EXPECT_TRUE(Passes("127.0.0.2"));
}

TEST_F(FloodShieldTest, SaysOnceThatTheKernelRefuses) {
  Build();
  const int on = 1;
  ASSERT_EQ(setsockopt(socket_.get(), SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on), 0);
  Flood(100ms);
  EXPECT_FALSE(shield_->raised());
  ASSERT_EQ(log_.size(), 1);
  EXPECT_TRUE(absl::StrContains(log_[0], "can't be told")) << log_[0];
}

}  // namespace
}  // namespace mosh::server
