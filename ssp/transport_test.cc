// The contract of the class; how it fares on networks is in transport_simulation_test.cc.
#include "ssp/transport.h"

#include "gtest/gtest.h"
#include "ssp/testing/pair.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

TEST(Transport, ShowsWhatWasTyped) {
  Pair pair({});
  pair.RunFor(2s);
  pair.Type("a");
  const Instant typed = pair.now;
  ASSERT_TRUE(pair.RunUntil(pair.now + 1s, [&] { return pair.shown() == "a"; }));
  EXPECT_LE(pair.now - typed, 101ms);
}

TEST(Transport, ClientSpeaksFirstAndAtOnce) {
  Pair pair({});
  EXPECT_LE(pair.client.NextDeadline(), pair.now);
  pair.RunFor(1ms);
  EXPECT_EQ(pair.up.sent(), 1u);
}

TEST(Transport, ServerWithoutPeerHasNothingToDo) {
  Pair pair({});
  pair.up.conditions().down = true;
  pair.Print("text");
  EXPECT_EQ(pair.server.NextDeadline(), Instant::Max());
  pair.RunFor(10s);
  EXPECT_EQ(pair.down.sent(), 0u);
}

TEST(Transport, ReturningPeerIsAnsweredAtOnce) {
  Pair pair({});
  pair.RunFor(2s);
  pair.server.SetHasPeer(false);
  pair.up.conditions().down = true;
  pair.Print("meanwhile");
  pair.RunFor(60s);
  pair.up.conditions().down = false;
  const uint64_t before = pair.up.sent();
  ASSERT_TRUE(pair.RunUntil(pair.now + 4s, [&] { return pair.up.sent() > before; }));
  EXPECT_TRUE(pair.RunUntil(pair.now + 101ms, [&] { return pair.shown() == "meanwhile"; }));
}

TEST(Transport, ReportsNumbersAndTimes) {
  Pair pair({});
  EXPECT_FALSE(pair.client.last_ack_of_send_at());
  EXPECT_FALSE(pair.client.has_rtt_sample());
  pair.RunFor(1s);
  pair.Type("a");
  const Instant typed = pair.now;
  const StateNum num = pair.client.next_num();
  pair.RunFor(1ms);
  EXPECT_EQ(pair.client.sent_num(), num);
  EXPECT_LT(pair.client.acked_num(), num);
  pair.RunFor(300ms);
  EXPECT_GE(pair.client.acked_num(), num);
  EXPECT_GE(*pair.client.last_ack_of_send_at(), typed);
  EXPECT_EQ(pair.client.srtt(), 100ms);
  EXPECT_EQ(pair.client.send_interval(), 50ms);
}

TEST(Transport, UsedUpKeyIsFinal) {
  crypto::SeededRandom random(1);
  const Instant now = Instant::FromMillis(1000);
  Transport<ToyStream, ToyScreen> transport(
      TransportConfig::Client(),
      crypto::SessionCipher(ToyKey(), crypto::Direction::kToServer, {0},
                            crypto::SessionCipher::kBlockLimit),
      &random, ToyStream(), ToyScreen(), now);
  class : public DatagramSink {
    void Send(std::span<const uint8_t>) override { FAIL(); }
  } sink;
  ToyStream live;
  EXPECT_FALSE(transport.OnDeadline(now, live, sink).ok());
  EXPECT_EQ(transport.NextDeadline(), Instant::Max());
  EXPECT_FALSE(transport.OnDeadline(now + 1h, live, sink).ok());
}

}  // namespace
}  // namespace mosh::ssp
