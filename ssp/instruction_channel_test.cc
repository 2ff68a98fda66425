#include "ssp/instruction_channel.h"

#include <string>
#include <utility>
#include <vector>

#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"
#include "ssp/testing/vectors.h"
#include "ssp/wire/fragment.h"
#include "ssp/wire/packet.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

class Collect final : public DatagramSink {
 public:
  void Send(std::span<const uint8_t> datagram) override {
    datagrams.emplace_back(datagram.begin(), datagram.end());
  }
  std::vector<Bytes> datagrams;
};

crypto::SessionKey Key() { return *crypto::SessionKey::FromBase64(LoadVectors().key_base64); }

class Rig {
 public:
  explicit Rig(AddressFamily family = AddressFamily::kIpv4)
      : client(Config(family), crypto::SessionCipher(Key(), crypto::Direction::kToServer), &random),
        server(Config(family), crypto::SessionCipher(Key(), crypto::Direction::kToClient),
               &random) {}

  std::vector<Bytes> Send(InstructionChannel& from, std::string diff) {
    Collect sink;
    EXPECT_TRUE(from.Send({.old_num = {4}, .new_num = {5}, .diff = diff}, now, sink).ok());
    return sink.datagrams;
  }
  // A plaintext of the test's choice, properly sealed by the client.
  InstructionChannel::Received Hostile(Bytes plaintext) {
    Bytes datagram(plaintext.size() + crypto::kOverhead);
    std::copy(plaintext.begin(), plaintext.end(), datagram.begin() + crypto::kNonceSize);
    EXPECT_TRUE(hostile.Seal(datagram).ok());
    return server.OnDatagram(datagram, EcnMark::kCapable0, now);
  }

  static TransportConfig Config(AddressFamily family) {
    TransportConfig config;
    config.family = family;
    return config;
  }
  crypto::SeededRandom random{1};
  Instant now = Instant::FromMillis(1000);
  InstructionChannel client, server;
  crypto::SessionCipher hostile{Key(), crypto::Direction::kToServer};
};

std::string Incompressible(size_t size) {
  crypto::SeededRandom random(9);
  Bytes bytes(size);
  random.Fill(bytes);
  return {bytes.begin(), bytes.end()};
}

TEST(InstructionChannel, ReceivesTheRecordedSession) {
  Rig rig;
  const Vectors vectors = LoadVectors();
  std::vector<InstructionView> expected;
  size_t complete = 0;
  for (const DatagramVector& v : vectors.datagrams) {
    Bytes datagram = v.datagram;
    auto& end = v.to_client ? rig.client : rig.server;
    const auto received = end.OnDatagram(datagram, EcnMark::kCapable0, rig.now);
    EXPECT_TRUE(received.authentic);
    EXPECT_TRUE(received.newest);
    EXPECT_EQ(received.problem, ReceiveProblem::kNone);
    EXPECT_EQ(received.instruction.has_value(), v.final);
    if (!received.instruction) continue;
    const InstructionVector& i = vectors.instructions[complete++];
    EXPECT_EQ(received.instruction->new_num.value, i.new_num);
    EXPECT_EQ(received.instruction->diff,
              absl::string_view(reinterpret_cast<const char*>(i.diff.data()), i.diff.size()));
  }
  EXPECT_EQ(complete, vectors.instructions.size());
}

TEST(InstructionChannel, UnknownFieldsEverywhereAreAccepted) {
  Rig rig;
  Bytes datagram = LoadVectors().compat_datagram;
  const auto received = rig.server.OnDatagram(datagram, EcnMark::kCapable0, rig.now);
  ASSERT_TRUE(received.instruction);
  EXPECT_EQ(received.instruction->new_num, StateNum{1});
}

TEST(InstructionChannel, LargeInstructionTravelsInFullDatagrams) {
  for (const auto& [family, limit] : {std::pair{AddressFamily::kIpv4, size_t{1252}},
                                      std::pair{AddressFamily::kIpv6, size_t{1216}}}) {
    Rig rig(family);
    const std::string diff = Incompressible(5000);
    auto datagrams = rig.Send(rig.client, diff);
    ASSERT_EQ(datagrams.size(), 5u);
    for (size_t i = 0; i + 1 < datagrams.size(); ++i) EXPECT_EQ(datagrams[i].size(), limit);
    for (size_t i = 0; i < datagrams.size(); ++i) {
      const auto received = rig.server.OnDatagram(datagrams[i], EcnMark::kCapable0, rig.now);
      EXPECT_EQ(received.instruction.has_value(), i + 1 == datagrams.size());
      if (received.instruction) {
        EXPECT_EQ(received.instruction->diff, diff);
      }
    }
  }
}

TEST(InstructionChannel, RefusedSizeShrinksDatagrams) {
  Rig rig;
  rig.client.OnDatagramTooBig(rig.now);
  for (const Bytes& datagram : rig.Send(rig.client, Incompressible(3000))) {
    EXPECT_LE(datagram.size(), 500u);
  }
}

TEST(InstructionChannel, OnlyTheFirstFragmentCarriesTheReply) {
  Rig rig;
  auto hello = rig.Send(rig.client, "x");
  rig.server.OnDatagram(hello[0], EcnMark::kCapable0, rig.now);
  rig.now += 30ms;
  auto answer = rig.Send(rig.server, Incompressible(3000));
  crypto::SessionCipher opener(Key(), crypto::Direction::kToServer);
  for (size_t i = 0; i < answer.size(); ++i) {
    Bytes copy = answer[i];
    const auto packet = DecodePacket(opener.Open(copy)->plaintext);
    EXPECT_EQ(packet->reply.is_none(), i > 0);
    if (i == 0) {
      EXPECT_EQ(packet->reply.wire(), 1030);
    }
  }
  // Held for 30 ms, so the round trip was no time at all.
  rig.client.OnDatagram(answer[0], EcnMark::kCapable0, rig.now);
  EXPECT_EQ(rig.client.rtt().srtt(), 0ns);
}

TEST(InstructionChannel, CongestionMarkRaisesThePeersRoundTripBy500Ms) {
  Rig rig;
  auto hello = rig.Send(rig.client, "x");
  rig.server.OnDatagram(hello[0], EcnMark::kCongestion, rig.now);
  auto answer = rig.Send(rig.server, "y");
  rig.client.OnDatagram(answer[0], EcnMark::kCapable0, rig.now + 100ms);
  EXPECT_EQ(rig.client.rtt().srtt(), 600ms);
  EXPECT_EQ(rig.server.stats().congestion_marks, 1u);
}

TEST(InstructionChannel, OldDatagramsDeliverButTouchNothing) {
  Rig rig;
  auto first = rig.Send(rig.client, "first"), second = rig.Send(rig.client, "second");
  EXPECT_TRUE(rig.server.OnDatagram(second[0], EcnMark::kCapable0, rig.now).newest);
  const auto late = rig.server.OnDatagram(first[0], EcnMark::kCongestion, rig.now);
  EXPECT_TRUE(late.authentic);
  EXPECT_FALSE(late.newest);
  EXPECT_EQ(late.instruction->diff, "first");
  EXPECT_EQ(rig.server.stats().congestion_marks, 0u);
  EXPECT_EQ(rig.server.stats().out_of_order, 1u);
}

TEST(InstructionChannel, StrangersAndReflectionsAreOnlyCounted) {
  Rig rig;
  auto own = rig.Send(rig.server, "x");
  EXPECT_FALSE(rig.server.OnDatagram(own[0], EcnMark::kCapable0, rig.now).authentic);
  Bytes noise(100, 1);
  EXPECT_FALSE(rig.server.OnDatagram(noise, EcnMark::kCapable0, rig.now).authentic);
  EXPECT_EQ(rig.server.OnDatagram({}, EcnMark::kCapable0, rig.now).problem,
            ReceiveProblem::kNotAuthentic);
  EXPECT_EQ(rig.server.stats().auth_failures, 3u);
  EXPECT_EQ(rig.server.stats().received.datagrams, 0u);
}

TEST(InstructionChannel, AuthenticNonsenseIsNamed) {
  Rig rig;
  EXPECT_EQ(rig.Hostile({}).problem, ReceiveProblem::kMalformedPacket);
  EXPECT_EQ(rig.Hostile(Bytes(4)).problem, ReceiveProblem::kMalformedFragment);
  EXPECT_EQ(rig.Hostile(Bytes(13)).problem, ReceiveProblem::kMalformedFragment);
  const auto fragment = [](std::span<const uint8_t> compressed) {
    Bytes plaintext(14 + compressed.size());
    plaintext[12] = 0x80;
    std::copy(compressed.begin(), compressed.end(), plaintext.begin() + 14);
    return plaintext;
  };
  EXPECT_EQ(rig.Hostile(fragment(Bytes{1, 2, 3})).problem, ReceiveProblem::kBadCompression);
  Codec codec;
  EXPECT_EQ(rig.Hostile(fragment(codec.Compress(Bytes{0xff}))).problem,
            ReceiveProblem::kMalformedInstruction);
  EXPECT_EQ(rig.Hostile(fragment(codec.Compress(Bytes{0x08, 3}))).problem,
            ReceiveProblem::kVersionMismatch);
  EXPECT_EQ(rig.server.stats().malformed, 6u);
}

TEST(InstructionChannel, ChaffBlursTheLength) {
  Rig rig;
  size_t shortest = 10'000, longest = 0;
  for (int i = 0; i < 300; ++i) {
    const size_t size = rig.Send(rig.client, "x")[0].size();
    shortest = std::min(shortest, size);
    longest = std::max(longest, size);
  }
  EXPECT_EQ(longest - shortest, 16u);
}

TEST(InstructionChannel, UsedUpKeyIsAnError) {
  crypto::SeededRandom random(1);
  InstructionChannel channel({},
                             crypto::SessionCipher(Key(), crypto::Direction::kToServer, {0},
                                                   crypto::SessionCipher::kBlockLimit),
                             &random);
  Collect sink;
  EXPECT_FALSE(channel.Send({}, Instant(), sink).ok());
  EXPECT_TRUE(sink.datagrams.empty());
}

}  // namespace
}  // namespace mosh::ssp
