#include "server/gate/relay.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/gate/route_program.h"

namespace mosh::server::gate {
namespace {

using namespace std::chrono_literals;

io::SocketAddress Client(uint16_t port, const char* host = "192.0.2.1") {
  return *io::SocketAddress::Parse(host, port);
}

// Hosts that keep what they get, and answer only when told.
class RelayTest : public testing::Test, protected Relay::Sink {
 protected:
  struct Delivered {
    HostNumber host;
    uint64_t id;
    bool offered;
  };
  bool Deliver(HostNumber host, const RelayedDatagram& datagram) override {
    if (full_.contains(host)) return false;
    delivered_.push_back({host, datagram.id, datagram.offered});
    last_bytes_.assign(datagram.bytes.begin(), datagram.bytes.end());
    return true;
  }
  void Arrive(const io::SocketAddress& from, uint8_t filling = 1) {
    const std::vector<uint8_t> bytes(kLeastDatagram, filling);
    relay_.OnDatagram(from, Client(61000), io::EcnMark::kEct0, bytes, now_);
  }
  std::vector<HostNumber> Receivers() {
    std::vector<HostNumber> hosts;
    for (const Delivered& d : std::exchange(delivered_, {})) hosts.push_back(d.host);
    return hosts;
  }
  // The id of the newest datagram.
  uint64_t Newest() const { return delivered_.back().id; }
  void Introduce(const io::SocketAddress& client, HostNumber host) {
    Arrive(client);
    relay_.OnClaim(host, Newest());
    delivered_.clear();
  }

  std::vector<Delivered> delivered_;
  std::set<HostNumber> full_;
  std::vector<uint8_t> last_bytes_;
  Instant now_ = Instant::FromMillis(1000);
  RelayLimits limits_{.offers = {100, 100}, .source = {10, 10}, .claims = 100};
  Relay relay_{limits_, this};
};

using Hosts = std::vector<HostNumber>;

TEST_F(RelayTest, UnknownIsOfferedAndClaimed) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  Arrive(Client(1));
  EXPECT_TRUE(delivered_[0].offered);
  relay_.OnClaim(2, Newest());
  EXPECT_EQ(Receivers(), (Hosts{1, 2}));
  Arrive(Client(1));
  EXPECT_FALSE(delivered_[0].offered);
  EXPECT_EQ(Receivers(), (Hosts{2}));
  EXPECT_EQ(relay_.stats().forwarded, 1);
}

TEST_F(RelayTest, ShortAndServersDatagramsAreDropped) {
  relay_.AddHost(1);
  const std::vector<uint8_t> small(kLeastDatagram - 1, 1);
  relay_.OnDatagram(Client(1), Client(2), io::EcnMark::kNotEct, small, now_);
  Arrive(Client(1), 0x80);
  EXPECT_EQ(Receivers(), Hosts{});
  EXPECT_EQ(relay_.stats().malformed, 2);
}

TEST_F(RelayTest, NobodyIsThere) {
  Arrive(Client(1));
  EXPECT_EQ(relay_.stats().nobody, 1);
}

TEST_F(RelayTest, ClaimsAreBelievedOnlyOfWhatWasGiven) {
  relay_.AddHost(1);
  Arrive(Client(1));
  const uint64_t id = Newest();
  relay_.AddHost(2);  // too late to have seen it
  relay_.OnClaim(2, id);
  relay_.OnClaim(1, id + 1);  // nothing yet
  relay_.OnClaim(3, id);      // no Host at all
  EXPECT_EQ(relay_.known_addresses(), 0);
  EXPECT_EQ(relay_.stats().bad_claims, 3);
  relay_.OnClaim(1, id);
  EXPECT_EQ(relay_.known_addresses(), 1);
}

TEST_F(RelayTest, AnOldClaimIsTooLate) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  Introduce(Client(1), 1);
  Arrive(Client(2));
  const uint64_t id = Newest();
  for (size_t i = 0; i < Relay::kRemembered; ++i) Arrive(Client(1));
  relay_.OnClaim(2, id);
  EXPECT_EQ(relay_.stats().bad_claims, 1);
}

TEST_F(RelayTest, ForwardedDatagramsCannotBeClaimed) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  Introduce(Client(1), 1);
  Arrive(Client(1));
  relay_.OnClaim(2, Newest());
  delivered_.clear();
  Arrive(Client(1));
  EXPECT_EQ(Receivers(), (Hosts{1}));
}

TEST_F(RelayTest, RefusedIsOfferedToTheOthersOnce) {
  for (HostNumber host : {1, 2, 3}) relay_.AddHost(host);
  Introduce(Client(1), 2);
  Arrive(Client(1), 77);
  const uint64_t id = Newest();
  delivered_.clear();
  relay_.OnRefusal(2, id, now_);
  EXPECT_EQ(last_bytes_[0], 77);
  EXPECT_TRUE(delivered_[0].offered);
  EXPECT_EQ(Receivers(), (Hosts{1, 3}));
  relay_.OnRefusal(2, id, now_);
  EXPECT_EQ(Receivers(), Hosts{});
  // A stranger's datagram under a client's address takes nothing from the client.
  Arrive(Client(1));
  EXPECT_EQ(Receivers(), (Hosts{2}));
  relay_.OnClaim(3, id);
  Arrive(Client(1));
  EXPECT_EQ(Receivers(), (Hosts{3}));
}

TEST_F(RelayTest, OnlyTheReceiverMayRefuse) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  Introduce(Client(1), 2);
  Arrive(Client(1));
  const uint64_t id = Newest();
  delivered_.clear();
  relay_.OnRefusal(1, id, now_);
  EXPECT_EQ(Receivers(), Hosts{});
}

TEST_F(RelayTest, AFalseClaimTakesNothingFromTheRightHost) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  Arrive(Client(1));
  const uint64_t id = Newest();
  relay_.OnClaim(1, id);  // a lie
  relay_.OnClaim(2, id);
  delivered_.clear();
  Arrive(Client(1));
  EXPECT_EQ(Receivers(), (Hosts{1, 2}));
  EXPECT_EQ(relay_.stats().contested, 1);
}

TEST_F(RelayTest, OneSourceCannotUseUpTheOffers) {
  relay_.AddHost(1);
  for (uint16_t port = 1; port <= 50; ++port) Arrive(Client(port, "198.51.100.7"));
  EXPECT_EQ(Receivers().size(), 10);
  EXPECT_EQ(relay_.stats().limited_source, 40);
  Arrive(Client(1, "192.0.2.1"));
  EXPECT_EQ(Receivers().size(), 1);
}

TEST_F(RelayTest, OffersOfManySourcesAreLimitedToo) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  Introduce(Client(9), 1);
  for (int i = 0; i < 200; ++i) {
    Arrive(Client(1, ("203.0.113." + std::to_string(i)).c_str()));
  }
  EXPECT_EQ(Receivers().size(), 2 * 49);
  EXPECT_EQ(relay_.stats().limited_offers, 200 - 49);
  // Known clients are not concerned.
  for (int i = 0; i < 300; ++i) Arrive(Client(9));
  EXPECT_EQ(Receivers().size(), 300);
  now_ += 100ms;
  Arrive(Client(1, "198.51.100.1"));
  EXPECT_EQ(Receivers().size(), 2);
}

TEST_F(RelayTest, MoreHostsThanTheBurstStillGetAnOffer) {
  for (HostNumber host = 1; host <= 150; ++host) relay_.AddHost(host);
  Arrive(Client(1));
  EXPECT_EQ(Receivers().size(), 150);
  now_ += 1s;
  Arrive(Client(2));
  EXPECT_EQ(Receivers().size(), 0);
  now_ += 1s;
  Arrive(Client(3));
  EXPECT_EQ(Receivers().size(), 150);
}

TEST_F(RelayTest, EndedHostIsForgotten) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  Introduce(Client(1), 1);
  relay_.RemoveHost(1);
  Arrive(Client(1));
  EXPECT_EQ(Receivers(), (Hosts{2}));
}

TEST_F(RelayTest, SlowHostLosesItsOwnDatagrams) {
  relay_.AddHost(1);
  relay_.AddHost(2);
  full_ = {1};
  Arrive(Client(1));
  EXPECT_EQ(Receivers(), (Hosts{2}));
  EXPECT_EQ(relay_.stats().full, 1);
}

}  // namespace
}  // namespace mosh::server::gate
