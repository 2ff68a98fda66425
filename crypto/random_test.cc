#include "crypto/random.h"

#include <array>

#include "crypto/testing/seeded_random.h"
#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

using Bytes32 = std::array<uint8_t, 32>;

TEST(SystemRandom, DoesNotRepeatItself) {
  SystemRandom random;
  Bytes32 first{};
  Bytes32 second{};
  random.Fill(first);
  random.Fill(second);
  EXPECT_NE(first, second);
  EXPECT_NE(first, Bytes32{});
}

TEST(SeededRandom, RepeatsItselfForTheSameSeed) {
  Bytes32 first{};
  Bytes32 second{};
  SeededRandom(5).Fill(first);
  SeededRandom(5).Fill(second);
  EXPECT_EQ(first, second);
  SeededRandom(6).Fill(second);
  EXPECT_NE(first, second);
}

TEST(SeededRandom, FillsOddSizesToTheLastByte) {
  SeededRandom random(1);
  int last_byte_zero = 0;
  for (int i = 0; i < 100; ++i) {
    std::array<uint8_t, 13> bytes{};
    random.Fill(bytes);
    last_byte_zero += bytes.back() == 0;
  }
  EXPECT_LT(last_byte_zero, 10);
}

// The reference output of SplitMix64: simulations replayed from a seed depend on it.
TEST(SeededRandom, IsSplitMix64) { EXPECT_EQ(SeededRandom(0).Next(), 0xe220a8397b1dcdaf); }

}  // namespace
}  // namespace mosh::crypto
