// Golden tests of the codecs against everything a stock client and server said in one recorded
// session.
#include "crypto/session_cipher.h"
#include "gtest/gtest.h"
#include "ssp/testing/vectors.h"
#include "ssp/wire/fragment.h"
#include "ssp/wire/instruction.h"
#include "ssp/wire/packet.h"

namespace mosh::ssp {
namespace {

Bytes ToBytes(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }
Bytes ToBytes(absl::string_view text) { return {text.begin(), text.end()}; }

TEST(Wire, DatagramsOpenAndDecodeToWhatStockMeant) {
  const Vectors vectors = LoadVectors();
  const auto key = crypto::SessionKey::FromBase64(vectors.key_base64);
  ASSERT_TRUE(key.ok());
  crypto::SessionCipher client(*key, crypto::Direction::kToServer);
  crypto::SessionCipher server(*key, crypto::Direction::kToClient);
  for (const DatagramVector& v : vectors.datagrams) {
    Bytes datagram = v.datagram;
    const auto opened = (v.to_client ? client : server).Open(datagram);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->sequence.value, v.sequence);
    EXPECT_EQ(ToBytes(opened->plaintext), v.plaintext);
    const auto packet = DecodePacket(opened->plaintext);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->timestamp.wire(), v.timestamp);
    EXPECT_EQ(packet->reply.is_none(), !v.timestamp_reply);
    if (v.timestamp_reply) {
      EXPECT_EQ(packet->reply.wire(), *v.timestamp_reply);
    }
    const auto fragment = DecodeFragment(packet->payload);
    ASSERT_TRUE(fragment);
    EXPECT_EQ(fragment->id.value, v.fragment_id);
    EXPECT_EQ(fragment->number, v.fragment_num);
    EXPECT_EQ(fragment->final, v.final);
  }
}

TEST(Wire, EncodesPlaintextsByteForByte) {
  const Vectors vectors = LoadVectors();
  for (const DatagramVector& v : vectors.datagrams) {
    const auto packet = DecodePacket(v.plaintext);
    const auto fragment = DecodeFragment(packet->payload);
    Bytes out(v.plaintext.size());
    EncodePacketHeader(packet->timestamp, packet->reply, std::span(out).first<4>());
    EncodeFragmentHeader(*fragment, std::span(out).subspan<4, 10>());
    std::copy(fragment->slice.begin(), fragment->slice.end(), out.begin() + 14);
    EXPECT_EQ(out, v.plaintext);
  }
}

TEST(Wire, InstructionsDecodeAndEncodeByteForByte) {
  InstructionCodec codec;
  for (const InstructionVector& v : LoadVectors().instructions) {
    InstructionView view;
    ASSERT_EQ(codec.Decode(v.instruction, &view), InstructionCodec::Decoded::kOk);
    EXPECT_EQ(view.old_num.value, v.old_num);
    EXPECT_EQ(view.new_num.value, v.new_num);
    EXPECT_EQ(view.ack_num.value, v.ack_num);
    EXPECT_EQ(view.throwaway_num.value, v.throwaway_num);
    EXPECT_EQ(ToBytes(view.diff), v.diff);
    EXPECT_EQ(ToBytes(codec.Encode(view, v.chaff)), v.instruction);
  }
}

TEST(Wire, UnknownInstructionFieldsAreIgnored) {
  InstructionCodec codec;
  InstructionView view;
  const Bytes bytes = LoadVectors().compat_instruction;
  ASSERT_EQ(codec.Decode(bytes, &view), InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.new_num, StateNum{1});
  // And they do not leak into what is sent.
  const std::array<uint8_t, 1> chaff = {0};
  EXPECT_LT(codec.Encode(view, chaff).size(), bytes.size());
}

TEST(Wire, EmptyFieldsAreWritten) {
  InstructionCodec codec;
  const Bytes expected = {0x08, 2, 0x10, 0, 0x18, 0, 0x20, 0, 0x28, 0, 0x32, 0, 0x3a, 0};
  EXPECT_EQ(ToBytes(codec.Encode({}, {})), expected);
}

TEST(Wire, CapabilitiesAreFieldTwoHundred) {
  InstructionCodec codec;
  const Capabilities both = Capabilities(Capability::kTerminalModes) | Capability::kLongAckDelay;
  const Bytes expected = {0x08, 2,    0x10, 0,    0x18, 0,    0x20, 0, 0x28,
                          0,    0x32, 0,    0x3a, 0,    0xc0, 0x0c, 3};
  EXPECT_EQ(ToBytes(codec.Encode({.capabilities = both}, {})), expected);
  InstructionView view;
  ASSERT_EQ(codec.Decode(expected, &view), InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.capabilities, both);
  // Nothing is left over for the next instruction.
  EXPECT_EQ(codec.Encode({}, {}).size(), expected.size() - 3);
}

TEST(Wire, IncomingLossIsFieldTwoHundredAndOne) {
  InstructionCodec codec;
  const Bytes expected = {0x08, 2,    0x10, 0,    0x18, 0,    0x20, 0, 0x28,
                          0,    0x32, 0,    0x3a, 0,    0xc8, 0x0c, 29};
  EXPECT_EQ(ToBytes(codec.Encode({.incoming_loss = 29}, {})), expected);
  InstructionView view;
  ASSERT_EQ(codec.Decode(expected, &view), InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.incoming_loss, 29u);
  Bytes impossible = expected;
  impossible.back() = 127;
  ASSERT_EQ(codec.Decode(impossible, &view), InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.incoming_loss, 100u);
}

TEST(Wire, IncarnationIsFieldTwoHundredAndTwo) {
  InstructionCodec codec;
  const Bytes expected = {0x08, 2,    0x10, 0,    0x18, 0,    0x20, 0, 0x28,
                          0,    0x32, 0,    0x3a, 0,    0xd0, 0x0c, 7};
  EXPECT_EQ(ToBytes(codec.Encode({.incarnation = 7}, {})), expected);
  InstructionView view;
  ASSERT_EQ(codec.Decode(expected, &view), InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.incarnation, 7u);
  // A session's first process says nothing about it.
  EXPECT_EQ(codec.Encode({}, {}).size(), expected.size() - 3);
}

TEST(Wire, PredictionsAreFieldTwoHundredAndThree) {
  InstructionCodec codec;
  const std::vector<uint8_t> bytes = ToBytes(
      codec.Encode({.predictions = Predictions{.shown = 300, .correct = 2, .wrong = 1}}, {}));
  const std::vector<uint8_t> expected = {0xda, 0x0c, 7, 0x08, 0xac, 0x02, 0x10, 2, 0x18, 1};
  ASSERT_GT(bytes.size(), expected.size());
  EXPECT_EQ(std::vector<uint8_t>(bytes.end() - expected.size(), bytes.end()), expected);
  InstructionView view;
  ASSERT_EQ(codec.Decode(bytes, &view), InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.predictions, (Predictions{.shown = 300, .correct = 2, .wrong = 1}));
  ASSERT_EQ(codec.Decode(ToBytes(codec.Encode({}, {})), &view), InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.predictions, std::nullopt);
}

TEST(Wire, UnknownCapabilitiesAreKept) {
  InstructionCodec codec;
  InstructionView view;
  const auto encoded = codec.Encode({.capabilities = Capabilities::FromWire(~uint64_t{0})}, {});
  ASSERT_EQ(codec.Decode(Bytes(encoded.begin(), encoded.end()), &view),
            InstructionCodec::Decoded::kOk);
  EXPECT_EQ(view.capabilities.wire(), ~uint64_t{0});
  EXPECT_TRUE(view.capabilities.Has(Capability::kTerminalModes));
}

TEST(Wire, OtherVersionsAndGarbageAreToldApart) {
  InstructionCodec codec;
  InstructionView view;
  const Bytes version3 = {0x08, 3}, none = {}, garbage = {0xff, 0xff};
  EXPECT_EQ(codec.Decode(version3, &view), InstructionCodec::Decoded::kVersionMismatch);
  EXPECT_EQ(codec.Decode(none, &view), InstructionCodec::Decoded::kVersionMismatch);
  EXPECT_EQ(codec.Decode(garbage, &view), InstructionCodec::Decoded::kMalformed);
}

TEST(Wire, ShortInputIsNothing) {
  const Bytes bytes(16, 1);
  for (size_t n = 0; n < kPacketHeaderSize; ++n) {
    EXPECT_FALSE(DecodePacket(std::span(bytes).first(n)));
  }
  for (size_t n = 0; n < kFragmentHeaderSize; ++n) {
    EXPECT_FALSE(DecodeFragment(std::span(bytes).first(n)));
  }
  EXPECT_TRUE(DecodePacket(std::span(bytes).first(4))->payload.empty());
  EXPECT_TRUE(DecodeFragment(std::span(bytes).first(10))->slice.empty());
}

}  // namespace
}  // namespace mosh::ssp
