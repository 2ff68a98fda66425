#include "server/bind.h"

#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/address.h"

namespace mosh::server {
namespace {

constexpr PortRange kAnyPort = {0, 0};

std::string LocalHost(const BoundSocket& bound) {
  sockaddr_storage name = {};
  socklen_t length = sizeof name;
  getsockname(bound.fd.get(), reinterpret_cast<sockaddr*>(&name), &length);
  return io::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length).host();
}

TEST(Bind, WantedAddress) {
  std::string messages;
  const absl::StatusOr<BoundSocket> bound = BindServerPort("127.0.0.1", kAnyPort, &messages);
  ASSERT_TRUE(bound.ok());
  EXPECT_EQ(LocalHost(*bound), "127.0.0.1");
  EXPECT_NE(bound->port, 0);
  EXPECT_EQ(messages, "");
}

TEST(Bind, AnyInterface) {
  std::string messages;
  const absl::StatusOr<BoundSocket> bound = BindServerPort("", kAnyPort, &messages);
  ASSERT_TRUE(bound.ok());
  EXPECT_TRUE(LocalHost(*bound) == "::" || LocalHost(*bound) == "0.0.0.0");
  EXPECT_EQ(messages, "");
}

TEST(Bind, NextPortWhenOneIsTaken) {
  std::string messages;
  const absl::StatusOr<BoundSocket> first = BindServerPort("127.0.0.1", kAnyPort, &messages);
  ASSERT_TRUE(first.ok());
  if (first->port > 65000) GTEST_SKIP() << "no room above";
  const PortRange range = {first->port, static_cast<uint16_t>(first->port + 500)};
  const absl::StatusOr<BoundSocket> second = BindServerPort("127.0.0.1", range, &messages);
  ASSERT_TRUE(second.ok());
  EXPECT_GT(second->port, first->port);
  EXPECT_EQ(messages, "");
}

TEST(Bind, ForeignAddressFallsBackToAnyInterface) {
  std::string messages;
  const absl::StatusOr<BoundSocket> bound = BindServerPort("203.0.113.7", kAnyPort, &messages);
  ASSERT_TRUE(bound.ok());
  EXPECT_EQ(messages,
            "Failed binding to 203.0.113.7:0\n"
            "Error binding to IP 203.0.113.7: bind: Cannot assign requested address\n");
}

TEST(Bind, NonsenseFallsBackToAnyInterface) {
  std::string messages;
  EXPECT_TRUE(BindServerPort("example", kAnyPort, &messages).ok());
  EXPECT_EQ(messages, "Error binding to IP example: Bad IP address (example)\n");
}

TEST(Bind, NothingLeft) {
  std::string messages;
  const absl::StatusOr<BoundSocket> first = BindServerPort("", kAnyPort, &messages);
  ASSERT_TRUE(first.ok());
  const absl::StatusOr<BoundSocket> second =
      BindServerPort("", {first->port, first->port}, &messages);
  EXPECT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(), "bind: Address already in use");
  EXPECT_EQ(messages,
            absl::StrCat("Failed binding to 0.0.0.0:", first->port, "\n",
                         "Error binding to any interface: bind: Address already in use\n"));
}

}  // namespace
}  // namespace mosh::server
