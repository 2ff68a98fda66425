#include "crypto/nonce.h"

#include <array>

#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

using Wire = std::array<uint8_t, kNonceSize>;

TEST(Nonce, IsBigEndianWithTheDirectionOnTop) {
  Wire wire;
  Nonce{.direction = Direction::kToServer, .sequence = {0x0102030405060708}}.Write(wire);
  EXPECT_EQ(wire, (Wire{1, 2, 3, 4, 5, 6, 7, 8}));
  Nonce{.direction = Direction::kToClient, .sequence = {1}}.Write(wire);
  EXPECT_EQ(wire, (Wire{0x80, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(Nonce, ReadsWhatItWrote) {
  for (Direction direction : {Direction::kToServer, Direction::kToClient}) {
    for (uint64_t value : {uint64_t{0}, uint64_t{0xff}, SequenceNumber::Max().value}) {
      const Nonce nonce{.direction = direction, .sequence = {value}};
      Wire wire;
      nonce.Write(wire);
      EXPECT_EQ(Nonce::Read(wire), nonce);
    }
  }
}

TEST(Nonce, OppositeTurnsRound) {
  EXPECT_EQ(Opposite(Direction::kToServer), Direction::kToClient);
  EXPECT_EQ(Opposite(Direction::kToClient), Direction::kToServer);
}

TEST(SequenceNumber, OrdersByValue) {
  EXPECT_LT(SequenceNumber{1}, SequenceNumber{2});
  EXPECT_EQ(SequenceNumber::Max().value, 0x7fffffffffffffff);
}

}  // namespace
}  // namespace mosh::crypto
