#include "crypto/aes128.h"

#include "crypto/testing/vectors.h"
#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

Aes128 Cipher(const Bytes& key) { return Aes128(std::span<const uint8_t, 16>(key)); }

// FIPS 197, appendix C.1.
TEST(Aes128, MatchesTheStandardsExample) {
  Aes128 aes = Cipher(FromHex("000102030405060708090a0b0c0d0e0f"));
  Bytes block = FromHex("00112233445566778899aabbccddeeff");
  aes.Encrypt(block);
  EXPECT_EQ(block, FromHex("69c4e0d86a7b0430d8cdb78070b4c55a"));
  aes.Decrypt(block);
  EXPECT_EQ(block, FromHex("00112233445566778899aabbccddeeff"));
}

TEST(Aes128, TreatsEachBlockByItself) {
  Aes128 aes = Cipher(FromHex("2b7e151628aed2a6abf7158809cf4f3c"));
  for (size_t blocks = 1; blocks < 40; ++blocks) {
    Bytes together(blocks * 16);
    for (size_t i = 0; i < together.size(); ++i) together[i] = static_cast<uint8_t>(i * 7);
    Bytes one_by_one = together;
    aes.Encrypt(together);
    for (size_t i = 0; i < blocks; ++i) aes.Encrypt(std::span(one_by_one).subspan(i * 16, 16));
    EXPECT_EQ(together, one_by_one);
    aes.Decrypt(together);
    for (size_t i = 0; i < blocks; ++i) aes.Decrypt(std::span(one_by_one).subspan(i * 16, 16));
    EXPECT_EQ(together, one_by_one);
  }
}

TEST(Aes128, DoesNothingToNothing) {
  Aes128 aes = Cipher(Bytes(16));
  aes.Encrypt({});
  aes.Decrypt({});
}

}  // namespace
}  // namespace mosh::crypto
