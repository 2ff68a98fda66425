// Real sockets on loopback: only the kernel can say what passes. All of 127.0.0.0/8 is this
// machine's, so a datagram can come from many addresses.
#include "server/source_filter.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/address.h"
#include "io/owned_fd.h"

namespace mosh::server {
namespace {

io::SocketAddress At(const std::string& host, uint16_t port = 0) {
  return *io::SocketAddress::Parse(host, port);
}
uint32_t KeyOf(const std::string& host) { return SourceKey(At(host)); }

class SourceFilterTest : public testing::Test {
 protected:
  void Open(const io::SocketAddress& local) {
    fd_ = io::OwnedFd(socket(local.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int off = 0;
    setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd_.get(), local.address(), local.length()) != 0) GTEST_SKIP() << "no IPv6 here";
    sockaddr_storage raw{};
    socklen_t length = sizeof raw;
    ASSERT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&raw), &length), 0);
    port_ = io::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&raw), length).port();
  }
  void Attach(std::vector<uint32_t> keys, uint32_t strangers) {
    const absl::Status status = AttachFilter(fd_.get(), SourceFilter(std::move(keys), strangers));
    ASSERT_TRUE(status.ok()) << status;
  }
  // Loopback delivers within the call to send.
  bool Passes(const std::string& from) {
    const io::SocketAddress source = At(from);
    const io::SocketAddress to = source.family() == AF_INET6 ? io::SocketAddress::LoopbackV6(port_)
                                                             : io::SocketAddress::LoopbackV4(port_);
    io::OwnedFd sender(socket(source.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(bind(sender.get(), source.address(), source.length()), 0);
    EXPECT_EQ(sendto(sender.get(), "x", 1, 0, to.address(), to.length()), 1);
    char byte;
    return recv(fd_.get(), &byte, 1, MSG_DONTWAIT) == 1;
  }
  int fd() const { return fd_.get(); }

 private:
  io::OwnedFd fd_;
  uint16_t port_ = 0;
};

TEST_F(SourceFilterTest, KnownSourcesPassAndOthersDoNot) {
  Open(io::SocketAddress::LoopbackV4(0));
  Attach({KeyOf("127.0.0.2"), KeyOf("127.9.8.7"), KeyOf("127.0.0.2")}, 0);
  EXPECT_TRUE(Passes("127.0.0.2"));
  EXPECT_TRUE(Passes("127.9.8.7"));
  EXPECT_FALSE(Passes("127.0.0.3"));
  EXPECT_FALSE(Passes("127.9.8.6"));
}

TEST_F(SourceFilterTest, NoSourceIsKnown) {
  Open(io::SocketAddress::LoopbackV4(0));
  Attach({}, 0);
  EXPECT_FALSE(Passes("127.0.0.2"));
}

TEST_F(SourceFilterTest, OfStrangersAShare) {
  Open(io::SocketAddress::LoopbackV4(0));
  Attach({}, UINT32_MAX / 2);
  int passed = 0;
  for (int i = 0; i < 1000; ++i) passed += Passes("127.0.0.2") ? 1 : 0;
  // Nine standard deviations.
  EXPECT_GT(passed, 350);
  EXPECT_LT(passed, 650);
}

TEST_F(SourceFilterTest, DetachedLetsAllPass) {
  Open(io::SocketAddress::LoopbackV4(0));
  Attach({}, 0);
  ASSERT_TRUE(DetachFilter(fd()).ok());
  EXPECT_TRUE(Passes("127.0.0.2"));
  EXPECT_TRUE(DetachFilter(fd()).ok());
}

// The kernel takes so long a program, and each key is found in it.
TEST_F(SourceFilterTest, AsManySourcesAsMayBe) {
  Open(io::SocketAddress::LoopbackV4(0));
  std::vector<std::string> hosts;
  std::vector<uint32_t> keys;
  for (size_t i = 0; i < kMostSources; ++i) {
    // Spread over the whole range, as clients are.
    hosts.push_back(absl::StrCat("127.", i % 256, ".", i / 256, ".", 2 * (i % 100) + 2));
    keys.push_back(KeyOf(hosts.back()));
  }
  Attach(keys, 0);
  for (const std::string& host : hosts) EXPECT_TRUE(Passes(host)) << host;
  for (size_t i = 0; i < kMostSources; i += 7) {
    const std::string stranger =
        absl::StrCat("127.", i % 256, ".", i / 256, ".", 2 * (i % 100) + 1);
    EXPECT_FALSE(Passes(stranger)) << stranger;
  }
}

TEST_F(SourceFilterTest, ADualStackSocketKnowsBothFamilies) {
  Open(io::SocketAddress::AnyV6(0));
  if (IsSkipped()) return;
  Attach({KeyOf("127.0.0.2"), KeyOf("::1")}, 0);
  EXPECT_TRUE(Passes("127.0.0.2"));
  EXPECT_FALSE(Passes("127.0.0.3"));
  EXPECT_TRUE(Passes("::1"));
  Attach({KeyOf("127.0.0.2")}, 0);
  EXPECT_FALSE(Passes("::1"));
}

TEST(SourceKey, TakesEveryWordOfAnIpv6Address) {
  EXPECT_EQ(KeyOf("192.0.2.1"), 0xc0000201u);
  EXPECT_EQ(KeyOf("::ffff:192.0.2.1"), 0xc0000201u);
  EXPECT_EQ(KeyOf("1:2:3:4:5:6:7:8"), (1u ^ 3u ^ 5u ^ 7u) << 16 | (2u ^ 4u ^ 6u ^ 8u));
  EXPECT_EQ(SourceKey(io::SocketAddress()), 0u);
}

}  // namespace
}  // namespace mosh::server
