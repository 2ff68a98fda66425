#include "server/gate/link.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace mosh::server::gate {
namespace {

template <class T>
T RoundTrip(const T& message) {
  const std::vector<uint8_t> packet = EncodeLink(message);
  // No prefix of a message is a message, but that of one that ends with bytes of any number.
  if constexpr (!std::is_same_v<T, RelayedDatagram>) {
    for (size_t size = 0; size < packet.size(); ++size) {
      EXPECT_FALSE(DecodeLink(std::span(packet).first(size)).has_value()) << size;
    }
  }
  const std::optional<LinkMessage> decoded = DecodeLink(packet);
  EXPECT_TRUE(decoded.has_value());
  EXPECT_TRUE(std::holds_alternative<T>(*decoded));
  return std::get<T>(*decoded);
}

TEST(Link, MessagesArriveAsTheyWere) {
  RoundTrip(LinkConnection{});
  RoundTrip(LinkHello{});
  RoundTrip(LinkEnd{});
  EXPECT_EQ(RoundTrip(LinkLimits{"max = 3\n"}).text, "max = 3\n");
  EXPECT_EQ(RoundTrip(LinkClaim{0x0123456789abcdef}).id, 0x0123456789abcdef);
  EXPECT_EQ(RoundTrip(LinkRefusal{7}).id, 7);
  const LinkState state{.pid = 4711, .sessions = 3, .idle = true};
  EXPECT_EQ(RoundTrip(state), state);
}

TEST(Link, DatagramsArriveAsTheyWere) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  for (const char* host : {"192.0.2.1", "2001:db8::1", "fe80::1%1"}) {
    const RelayedDatagram sent{.id = 99,
                               .offered = true,
                               .from = *io::SocketAddress::Parse(host, 1234),
                               .to = *io::SocketAddress::Parse("192.0.2.9", 61000),
                               .ecn = io::EcnMark::kCongestionExperienced,
                               .bytes = bytes};
    const std::vector<uint8_t> packet = EncodeLink(sent);
    const auto got = std::get<RelayedDatagram>(*DecodeLink(packet));
    EXPECT_EQ(got.id, 99);
    EXPECT_TRUE(got.offered);
    EXPECT_EQ(got.from, sent.from);
    EXPECT_EQ(got.to, sent.to);
    EXPECT_EQ(got.ecn, sent.ecn);
    EXPECT_EQ(std::vector<uint8_t>(got.bytes.begin(), got.bytes.end()), bytes);
  }
}

TEST(Link, UnknownDestinationStaysUnknown) {
  const std::vector<uint8_t> packet = EncodeLink(RelayedDatagram{});
  EXPECT_TRUE(std::get<RelayedDatagram>(*DecodeLink(packet)).to.empty());
}

TEST(Link, NonsenseIsNoMessage) {
  EXPECT_FALSE(DecodeLink({}).has_value());
  for (int first = 0; first < 256; ++first) {
    const std::vector<uint8_t> packet = {static_cast<uint8_t>(first), 255, 255, 255, 255, 0};
    EXPECT_FALSE(DecodeLink(packet).has_value()) << first;
  }
}

}  // namespace
}  // namespace mosh::server::gate
