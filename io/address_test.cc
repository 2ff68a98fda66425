#include "io/address.h"

#include "gtest/gtest.h"

namespace mosh::io {
namespace {

TEST(SocketAddress, ParsesAndPrints) {
  EXPECT_EQ(SocketAddress::Parse("192.0.2.1", 60001)->ToString(), "192.0.2.1:60001");
  EXPECT_EQ(SocketAddress::Parse("2001:db8::1", 60001)->ToString(), "[2001:db8::1]:60001");
  EXPECT_EQ(SocketAddress::Parse("fe80::1%1", 1)->host(), "fe80::1%1");
  EXPECT_EQ(SocketAddress().ToString(), "none");
}

TEST(SocketAddress, RefusesNamesAndGarbage) {
  for (const char* text : {"localhost", "", "1.2.3.4.5", "::g", "1.2.3.4:5"}) {
    EXPECT_EQ(SocketAddress::Parse(text, 1).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(SocketAddress, ComparesAddressAndPort) {
  const SocketAddress a = *SocketAddress::Parse("192.0.2.1", 1);
  EXPECT_EQ(a, *SocketAddress::Parse("192.0.2.1", 1));
  EXPECT_FALSE(a == a.WithPort(2));
  EXPECT_FALSE(a == a.Mapped());
  EXPECT_TRUE(a < a.WithPort(2) || a.WithPort(2) < a);
}

TEST(SocketAddress, MapsAndUnmaps) {
  const SocketAddress v4 = *SocketAddress::Parse("192.0.2.1", 7);
  EXPECT_EQ(v4.Mapped().host(), "::ffff:192.0.2.1");
  EXPECT_TRUE(v4.Mapped().is_v4_mapped());
  EXPECT_EQ(v4.Mapped().Unmapped(), v4);
  const SocketAddress v6 = *SocketAddress::Parse("2001:db8::1", 7);
  EXPECT_EQ(v6.Mapped(), v6);
  EXPECT_EQ(v6.Unmapped(), v6);
}

TEST(SocketAddress, KnowsWildcardAndLoopback) {
  EXPECT_TRUE(SocketAddress::AnyV4(0).is_wildcard());
  EXPECT_TRUE(SocketAddress::AnyV6(0).is_wildcard());
  EXPECT_FALSE(SocketAddress::LoopbackV6(0).is_wildcard());
  EXPECT_TRUE(SocketAddress::LoopbackV4(0).Mapped().is_loopback());
  EXPECT_TRUE(SocketAddress::LoopbackV6(0).is_loopback());
}

TEST(SocketAddress, ATruncatedKernelAddressIsNone) {
  const SocketAddress v6 = SocketAddress::LoopbackV6(1);
  EXPECT_TRUE(SocketAddress::FromSockaddr(v6.address(), 8).empty());
}

}  // namespace
}  // namespace mosh::io
