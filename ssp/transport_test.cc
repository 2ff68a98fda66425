// The contract of the class; how it fares on networks is in transport_simulation_test.cc.
#include "ssp/transport.h"

#include "gtest/gtest.h"
#include "ssp/testing/pair.h"
#include "ssp/wire/fragment.h"
#include "ssp/wire/packet.h"

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

// The instructions of single-fragment datagrams to one side, as that side reads them.
class Reader {
 public:
  Reader(Pair& pair, crypto::Direction sender) : cipher_(ToyKey(), crypto::Opposite(sender)) {
    pair.on_datagram = [this, sender](bool to_client, std::span<const uint8_t> bytes) {
      if (to_client == (sender == crypto::Direction::kToClient)) Read(bytes);
    };
  }
  std::vector<Capabilities> capabilities;
  std::vector<size_t> sizes;  // of diffs
  uint32_t most_loss = 0;     // that was reported
  std::vector<Predictions> predictions;

 private:
  void Read(std::span<const uint8_t> bytes) {
    std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
    const auto opened = cipher_.Open(datagram);
    ASSERT_TRUE(opened.ok());
    const auto fragment = DecodeFragment(DecodePacket(opened->plaintext)->payload);
    InstructionView view;
    ASSERT_EQ(instructions_.Decode(*codec_.Decompress(fragment->slice), &view),
              InstructionCodec::Decoded::kOk);
    capabilities.push_back(view.capabilities);
    sizes.push_back(view.diff.size());
    most_loss = std::max(most_loss, view.incoming_loss);
    if (view.predictions) predictions.push_back(*view.predictions);
  }

  crypto::SessionCipher cipher_;
  Codec codec_;
  InstructionCodec instructions_;
};

TEST(Transport, CapabilitiesAreAnnouncedUntilAcknowledged) {
  PairOptions options;
  options.client.capabilities |= Capability::kTerminalModes;
  options.server.capabilities = Capability::kLongAckDelay;
  Pair pair(options);
  Reader reader(pair, crypto::Direction::kToServer);
  pair.up.conditions().down = true;  // the greeting is lost
  pair.RunFor(4s);
  const size_t lost = reader.capabilities.size();
  ASSERT_GE(lost, 2u);
  EXPECT_TRUE(pair.server.peer_capabilities().empty());
  pair.up.conditions().down = false;
  pair.Type("a");
  pair.RunFor(5s);
  EXPECT_EQ(pair.server.peer_capabilities(), options.client.capabilities);
  EXPECT_EQ(pair.client.peer_capabilities(), options.server.capabilities);
  for (size_t i = 0; i <= lost; ++i) EXPECT_FALSE(reader.capabilities[i].empty());
  EXPECT_TRUE(reader.capabilities.back().empty());
  const size_t announced = reader.capabilities.size();
  pair.Type("b");
  pair.RunFor(60s);
  for (size_t i = announced; i < reader.capabilities.size(); ++i) {
    EXPECT_TRUE(reader.capabilities[i].empty());
  }
  EXPECT_EQ(pair.server.peer_capabilities(), options.client.capabilities);
}

TEST(Transport, AnnouncingAddsNoDatagrams) {
  PairOptions silent, telling;
  silent.client.capabilities = silent.server.capabilities = Capabilities();
  telling.client.capabilities = telling.server.capabilities = Capability::kTerminalModes;
  Pair a(silent), b(telling);
  Reader reader(b, crypto::Direction::kToServer);
  a.RunFor(20s);
  b.RunFor(20s);
  EXPECT_EQ(a.up.sent(), b.up.sent());
  EXPECT_EQ(a.down.sent(), b.down.sent());
  // An empty diff that carries an announcement is an empty diff.
  EXPECT_FALSE(reader.capabilities.front().empty());
  EXPECT_EQ(reader.sizes.front(), 0u);
}

TEST(Transport, LossesAreReportedToWhoReadsThatOnly) {
  const auto reported = [](double loss, Capabilities server) {
    PairOptions options;
    options.down.loss = loss;
    options.server.capabilities = server;
    Pair pair(options);
    Reader reader(pair, crypto::Direction::kToServer);
    for (int i = 0; i < 100; ++i) {
      pair.Type("k");
      pair.RunFor(150ms);
    }
    return reader.most_loss;
  };
  EXPECT_GE(reported(0.2, Capability::kLossReports), 20u);
  EXPECT_EQ(reported(0.2, Capability::kTerminalModes), 0u);
  EXPECT_EQ(reported(0, Capability::kLossReports), 0u);
}

TEST(Transport, PredictionsAreReportedUntilTheyHaveArrived) {
  PairOptions options;
  options.server.capabilities = Capability::kPredictionReports;
  Pair pair(options);
  Reader reader(pair, crypto::Direction::kToServer);
  pair.RunFor(1s);
  EXPECT_EQ(pair.server.peer_predictions(), std::nullopt);
  const size_t sent = reader.sizes.size();
  const Predictions first = {.shown = 3, .correct = 2, .wrong = 1};
  pair.client.SetPredictions(first);
  pair.RunFor(1s);
  EXPECT_EQ(reader.sizes.size(), sent) << "nothing is sent for their sake";
  pair.up.conditions().down = true;
  pair.Type("a");
  pair.RunFor(500ms);
  pair.up.conditions().down = false;
  pair.RunFor(10s);
  EXPECT_GE(reader.predictions.size(), 2u);
  EXPECT_EQ(pair.server.peer_predictions(), first);
  // They have arrived, and that is known.
  const size_t told = reader.predictions.size();
  pair.client.SetPredictions(first);
  pair.Type("b");
  pair.RunFor(10s);
  EXPECT_EQ(reader.predictions.size(), told);
  pair.client.SetPredictions({.shown = 4});
  pair.Type("c");
  pair.RunFor(1s);
  EXPECT_EQ(pair.server.peer_predictions(), (Predictions{.shown = 4}));
}

TEST(Transport, PredictionsAreNotReportedToStock) {
  PairOptions options;
  options.server.capabilities = Capability::kLossReports;
  Pair pair(options);
  Reader reader(pair, crypto::Direction::kToServer);
  pair.client.SetPredictions({.shown = 3});
  pair.Type("a");
  pair.RunFor(10s);
  EXPECT_TRUE(reader.predictions.empty());
}

TEST(Transport, CountsStatesOnceHoweverOftenTheyAreSent) {
  PairOptions options;
  options.up.loss = options.down.loss = 0.3;
  Pair pair(options);
  for (int i = 0; i < 50; ++i) {
    pair.Type("k");
    pair.RunFor(1s);
  }
  EXPECT_EQ(pair.client.stats().states_sent, 50u);
  EXPECT_LE(pair.server.stats().states_received, 50u);
  EXPECT_GT(pair.server.stats().states_received, 40u) << "some may have come as part of the next";
  const uint64_t sent = pair.server.stats().states_sent;
  pair.RunFor(60s);
  EXPECT_EQ(pair.server.stats().states_sent, sent) << "heartbeats are no states";
  ASSERT_TRUE(pair.client.outgoing_loss_rate());
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
