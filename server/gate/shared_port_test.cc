#include "server/gate/shared_port.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

Config TwoAddresses() {
  Config config;
  config.port = 0;
  config.bind = {"127.0.0.1", "127.0.0.2"};
  return config;
}

TEST(SharedPort, HasASocketOfEachAddressForEachHost) {
  absl::StatusOr<SharedPort> port = SharedPort::Open(TwoAddresses());
  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_EQ(port->addresses(), 2);
  EXPECT_EQ(port->size(), 2);
  ASSERT_TRUE(port->Grow().ok());
  ASSERT_TRUE(port->Steer().ok());
  EXPECT_EQ(port->size(), 3);
  EXPECT_EQ(port->SocketsOf(2).size(), 2);
  EXPECT_EQ(port->Locals()[1].host(), "127.0.0.2");
}

TEST(SharedPort, IsTakenOverWhole) {
  absl::StatusOr<SharedPort> port = SharedPort::Open(TwoAddresses());
  ASSERT_TRUE(port.ok()) << port.status();
  std::vector<std::vector<io::OwnedFd>> kept(port->size());
  for (size_t number = 0; number < port->size(); ++number) {
    for (const int fd : port->SocketsOf(number)) kept[number].emplace_back(dup(fd));
  }
  const absl::StatusOr<SharedPort> next = SharedPort::Adopt(std::move(kept));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->Locals(), port->Locals());
  EXPECT_EQ(next->size(), port->size());
}

TEST(SharedPort, WhatDoesNotFitTogetherIsRefused) {
  EXPECT_FALSE(SharedPort::Adopt({}).ok());
  absl::StatusOr<SharedPort> port = SharedPort::Open(TwoAddresses());
  ASSERT_TRUE(port.ok()) << port.status();
  std::vector<std::vector<io::OwnedFd>> kept(2);
  kept[0].emplace_back(dup(port->SocketsOf(0)[0]));
  kept[0].emplace_back(dup(port->SocketsOf(0)[1]));
  kept[1].emplace_back(dup(port->SocketsOf(1)[0]));
  EXPECT_FALSE(SharedPort::Adopt(std::move(kept)).ok());
}

TEST(SharedPort, TakenPortIsExplained) {
  absl::StatusOr<SharedPort> port = SharedPort::Open(TwoAddresses());
  ASSERT_TRUE(port.ok()) << port.status();
  Config same;
  same.bind = {"127.0.0.1"};
  same.port = port->Locals()[0].port();
  const absl::Status status = SharedPort::Open(same).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(status.message().find("is taken by somebody else"), absl::string_view::npos);
}

}  // namespace
}  // namespace mosh::server::gate
