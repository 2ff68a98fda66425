#include "server/router.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crypto/session_cipher.h"
#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;
using crypto::Direction;
using crypto::RouteTag;
using crypto::SequenceNumber;
using crypto::SessionCipher;
using crypto::SessionKey;

using Bytes = std::vector<uint8_t>;

io::SocketAddress Address(int number) {
  return *io::SocketAddress::Parse(
      absl::StrCat("10.", number >> 16 & 255, ".", number >> 8 & 255, ".", number & 255), 40000);
}

// A client and the server's end of its connection.
class Endpoint final : public Routed {
 public:
  Endpoint(const SessionKey& key, SequenceNumber first)
      : client(key, Direction::kToServer, first), server(key, Direction::kToClient) {}

  bool Authenticates(std::span<const uint8_t> datagram) override {
    ++asked;
    return server.Authenticates(datagram);
  }
  Bytes Say() {
    Bytes datagram(80);
    EXPECT_TRUE(client.Seal(datagram).ok());
    return datagram;
  }

  SessionCipher client;
  SessionCipher server;
  int asked = 0;
};

class RouterTest : public testing::Test {
 protected:
  // Endpoints of stock clients, which start at sequence number 0.
  void AddStock(int count) {
    for (int i = 0; i < count; ++i) Add(SessionKey::Generate(random_), {0});
  }
  Endpoint* AddOwn() {
    const SessionKey key = SessionKey::Generate(random_);
    return Add(key, RouteTag::Of(key).FirstSequence());
  }
  Endpoint* Add(const SessionKey& key, SequenceNumber first) {
    endpoints_.push_back(std::make_unique<Endpoint>(key, first));
    router_.Add(endpoints_.back().get(), RouteTag::Of(key));
    return endpoints_.back().get();
  }
  // The endpoint's client sends; the router is told if it finds it. True: it did.
  bool Speak(Endpoint* endpoint, const io::SocketAddress& from) {
    const SequenceNumber sequence = endpoint->client.next_sequence();
    const Bytes datagram = endpoint->Say();
    Routed* const found = router_.Find(datagram, from, now_);
    if (found != nullptr) router_.OnAuthentic(found, sequence, from);
    return found == endpoint;
  }

  crypto::SeededRandom random_{3};
  Instant now_ = Instant::FromMillis(1000);
  Router router_{now_};
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

TEST_F(RouterTest, AloneItIsEverybodys) {
  AddStock(1);
  EXPECT_EQ(router_.Find(Bytes(80), Address(1), now_), endpoints_[0].get());
  EXPECT_EQ(endpoints_[0]->asked, 0);
}

TEST_F(RouterTest, OurClientsAreFoundByTagWithoutATrial) {
  AddStock(100);
  Endpoint* const ours = AddOwn();
  EXPECT_TRUE(Speak(ours, Address(1)));
  EXPECT_TRUE(Speak(ours, Address(2)));
  EXPECT_EQ(ours->asked, 0);
  EXPECT_EQ(router_.trials(), 0);
}

TEST_F(RouterTest, EndpointsOfOneTagAreToldApart) {
  const SessionKey key = SessionKey::Generate(random_);
  const SequenceNumber first = RouteTag::Of(key).FirstSequence();
  Add(key, first);
  for (int i = 0; i < 3; ++i) {
    // Another key that happens to have the same tag.
    endpoints_.push_back(std::make_unique<Endpoint>(SessionKey::Generate(random_), first));
    router_.Add(endpoints_.back().get(), RouteTag::Of(key));
  }
  for (const auto& endpoint : endpoints_) EXPECT_TRUE(Speak(endpoint.get(), Address(1)));
  router_.Remove(endpoints_[1].get());
  EXPECT_TRUE(Speak(endpoints_[0].get(), Address(1)));
  EXPECT_FALSE(Speak(endpoints_[1].get(), Address(1)));
  EXPECT_TRUE(Speak(endpoints_[2].get(), Address(1)));
  EXPECT_TRUE(Speak(endpoints_[3].get(), Address(1)));
}

TEST_F(RouterTest, KnownAddressNeedsNoTrial) {
  AddStock(50);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Speak(endpoints_[i].get(), Address(i)));
  const uint64_t before = router_.trials();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Speak(endpoints_[i].get(), Address(i)));
  EXPECT_EQ(router_.trials(), before);
}

TEST_F(RouterTest, MappedAndPlainAddressAreOne) {
  AddStock(2);
  EXPECT_TRUE(Speak(endpoints_[0].get(), Address(1).Mapped()));
  const uint64_t before = router_.trials();
  EXPECT_TRUE(Speak(endpoints_[0].get(), Address(1)));
  EXPECT_EQ(router_.trials(), before);
}

TEST_F(RouterTest, AddressGoesToWhoeverSpeaksFromIt) {
  AddStock(2);
  EXPECT_TRUE(Speak(endpoints_[0].get(), Address(1)));
  EXPECT_TRUE(Speak(endpoints_[1].get(), Address(1)));  // behind the same NAT, later
  EXPECT_TRUE(Speak(endpoints_[0].get(), Address(2)));
  EXPECT_TRUE(Speak(endpoints_[1].get(), Address(1)));
  router_.Remove(endpoints_[0].get());
  EXPECT_TRUE(Speak(endpoints_[1].get(), Address(1)));
}

TEST_F(RouterTest, StockClientAmongTenThousandRoams) {
  AddStock(10'000);
  // All have said the same number of things: the worst case.
  for (const auto& endpoint : endpoints_) {
    endpoint->Say();
    router_.OnAuthentic(endpoint.get(), {0}, Address(static_cast<int>(&endpoint - &endpoints_[0])));
  }
  for (int i = 0; i < 10'000; i += 1999) {
    EXPECT_TRUE(Speak(endpoints_[i].get(), Address(1 << 20 | i)));
    now_ += 1s;
  }
}

TEST_F(RouterTest, ClosestInSequenceIsTriedFirst) {
  AddStock(1000);
  for (int i = 0; i < 1000; ++i) {
    router_.OnAuthentic(endpoints_[i].get(), {static_cast<uint64_t>(i) * 100}, Address(i));
  }
  Endpoint* const roamer = endpoints_[500].get();
  for (int i = 0; i <= 500 * 100; ++i) roamer->Say();
  EXPECT_TRUE(Speak(roamer, Address(5000)));
  EXPECT_EQ(router_.trials(), 1);
}

TEST_F(RouterTest, ImplausibleSequenceNumbersAreNotTried) {
  AddStock(10);
  for (int i = 0; i < 10; ++i) router_.OnAuthentic(endpoints_[i].get(), {1000}, Address(i));
  Bytes old(80);
  crypto::Nonce{Direction::kToServer, {1000}}.Write(std::span(old).first<8>());
  EXPECT_EQ(router_.Find(old, Address(99), now_), nullptr);
  Bytes far(80);
  crypto::Nonce{Direction::kToServer, {1001 + Router::kMostAhead}}.Write(std::span(far).first<8>());
  EXPECT_EQ(router_.Find(far, Address(99), now_), nullptr);
  EXPECT_EQ(router_.trials(), 0);
}

TEST_F(RouterTest, ReflectionsAndScrapsAreNobodys) {
  AddStock(2);
  Bytes reflection(80);
  crypto::Nonce{Direction::kToClient, {5}}.Write(std::span(reflection).first<8>());
  EXPECT_EQ(router_.Find(reflection, Address(1), now_), nullptr);
  EXPECT_EQ(router_.Find(Bytes(7), Address(1), now_), nullptr);
}

TEST_F(RouterTest, FloodOfForgeriesIsTriedWithinTheBudget) {
  AddStock(10'000);
  const Bytes forged(80);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(router_.Find(forged, Address(i), now_), nullptr);
    now_ += 10us;
  }
  EXPECT_LE(router_.trials(),
            static_cast<uint64_t>(Router::kTrialBurst + 1.01 * Router::kTrialsPerSecond));
  EXPECT_GT(router_.cut_short(), 90'000);
  now_ += 1s;
  EXPECT_TRUE(Speak(endpoints_[7].get(), Address(7)));  // and afterwards all is as before
}

TEST_F(RouterTest, ForgeriesMoveNothing) {
  AddStock(2);
  Endpoint* const ours = AddOwn();
  EXPECT_TRUE(Speak(endpoints_[0].get(), Address(1)));
  EXPECT_TRUE(Speak(ours, Address(2)));
  Bytes forged = ours->Say();
  forged.back() ^= 1;
  // Its tag names the endpoint, whose cipher will refuse it; nobody tells the router.
  EXPECT_EQ(router_.Find(forged, Address(3), now_), ours);
  EXPECT_TRUE(Speak(endpoints_[0].get(), Address(1)));
  EXPECT_TRUE(Speak(ours, Address(2)));
}

TEST_F(RouterTest, WhoUsesTagsIsNotTried) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Speak(AddOwn(), Address(i)));
  const Bytes forged(80);
  EXPECT_EQ(router_.Find(forged, Address(1000), now_), nullptr);
  EXPECT_EQ(router_.trials(), 0);
}

}  // namespace
}  // namespace mosh::server
