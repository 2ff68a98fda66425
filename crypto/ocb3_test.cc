#include "crypto/ocb3.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "crypto/testing/seeded_random.h"
#include "crypto/testing/vectors.h"
#include "gtest/gtest.h"

namespace mosh::crypto {
namespace {

using Key = std::span<const uint8_t, Ocb3::kKeySize>;

Ocb3::Nonce Nonce(const Bytes& octets) {
  return Ocb3::NonceOf(std::span<const uint8_t, Ocb3::kNonceSize>(octets));
}

// num2str(value, 96)
Bytes NonceOf(uint64_t value) {
  Bytes nonce(Ocb3::kNonceSize);
  for (size_t i = 0; i < 8; ++i) nonce[11 - i] = static_cast<uint8_t>(value >> (8 * i));
  return nonce;
}

Bytes Sealed(Ocb3& ocb, const Bytes& nonce, const Bytes& text, const Bytes& ad = {}) {
  Bytes message = text;
  message.resize(text.size() + Ocb3::kTagSize, 0xee);
  ocb.Seal(Nonce(nonce), message, ad);
  return message;
}

bool AllZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

class Ocb3Vectors : public ::testing::TestWithParam<std::tuple<const char*, Ocb3::Width>> {};

TEST_P(Ocb3Vectors, SealAndOpenAsWritten) {
  const auto& [section, width] = GetParam();
  const auto vectors = ReadOcbVectors(section);
  EXPECT_GE(vectors.size(), 16u);
  for (const OcbVector& vector : vectors) {
    SCOPED_TRACE(vector.name);
    Ocb3 ocb(Key(vector.key), width);
    Bytes message = Sealed(ocb, vector.nonce, vector.plaintext, vector.associated_data);
    EXPECT_EQ(message, vector.ciphertext_and_tag);
    ASSERT_TRUE(ocb.Open(Nonce(vector.nonce), message, vector.associated_data));
    Bytes opened = vector.plaintext;
    opened.resize(message.size());
    EXPECT_EQ(message, opened) << "the text, then zeros in the tag's room";
  }
}

INSTANTIATE_TEST_SUITE_P(All, Ocb3Vectors,
                         ::testing::Combine(::testing::Values("rfc7253", "random"),
                                            ::testing::Values(Ocb3::Width::kBest,
                                                              Ocb3::Width::kNarrow)));

// Around the lengths where the wide form begins and where one call to AES ends.
TEST(Ocb3, GivesTheSameInBothWidths) {
  const Bytes key(16, 0x17);
  Ocb3 best{Key(key)};
  Ocb3 narrow(Key(key), Ocb3::Width::kNarrow);
  Bytes text(4000);
  SeededRandom(11).Fill(text);
  for (size_t size = 0; size < text.size(); size += size < 3000 ? 1 : 13) {
    const Bytes nonce = NonceOf(size);
    const Bytes part(text.begin(), text.begin() + static_cast<ptrdiff_t>(size));
    Bytes message = Sealed(best, nonce, part);
    ASSERT_EQ(message, Sealed(narrow, nonce, part)) << size;
    Bytes again = message;
    ASSERT_TRUE(best.Open(Nonce(nonce), message)) << size;
    ASSERT_TRUE(narrow.Open(Nonce(nonce), again)) << size;
    ASSERT_EQ(message, again);
    ASSERT_TRUE(std::equal(part.begin(), part.end(), message.begin())) << size;
  }
}

TEST(Ocb3, RefusesTheInvalidVectorsAndLeavesZeros) {
  const auto vectors = ReadOcbVectors("invalid");
  EXPECT_GE(vectors.size(), 12u);
  for (const OcbVector& vector : vectors) {
    SCOPED_TRACE(vector.name);
    Ocb3 ocb{Key(vector.key)};
    Bytes message = vector.ciphertext_and_tag;
    EXPECT_FALSE(ocb.Open(Nonce(vector.nonce), message));
    EXPECT_TRUE(AllZero(message));
  }
}

// RFC 7253, appendix A: a loop over lengths 0..127 of text and associated data, condensed into one
// tag.
TEST(Ocb3, PassesTheIteratedTestOfTheRfc) {
  Bytes key(16);
  key[15] = 128;
  Ocb3 ocb{Key(key)};
  Bytes c;
  const auto append = [&c](const Bytes& more) { c.insert(c.end(), more.begin(), more.end()); };
  for (uint64_t i = 0; i < 128; ++i) {
    const Bytes s(i);
    append(Sealed(ocb, NonceOf(3 * i + 1), s, s));
    append(Sealed(ocb, NonceOf(3 * i + 2), s));
    append(Sealed(ocb, NonceOf(3 * i + 3), {}, s));
  }
  EXPECT_EQ(Sealed(ocb, NonceOf(385), {}, c), FromHex("67e944d23256c5e0b6c61fa22fdf1ea2"));
}

TEST(Ocb3, DetectsEveryFlippedBit) {
  const Bytes key = FromHex("000102030405060708090a0b0c0d0e0f");
  const Bytes nonce = NonceOf(77);
  Ocb3 ocb{Key(key)};
  for (size_t size = 0; size <= 50; ++size) {
    const Bytes sealed = Sealed(ocb, nonce, Bytes(size, 0x61));
    for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      Bytes message = sealed;
      message[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
      ASSERT_FALSE(ocb.Open(Nonce(nonce), message)) << "size " << size << " bit " << bit;
      ASSERT_TRUE(AllZero(message));
    }
  }
}

TEST(Ocb3, DetectsEveryFlippedBitOfNonceAndAssociatedData) {
  Ocb3 ocb{Key(FromHex("000102030405060708090a0b0c0d0e0f"))};
  const Bytes nonce = NonceOf(77);
  const Bytes ad = FromHex("a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1");
  const Bytes sealed = Sealed(ocb, nonce, Bytes(21, 0x61), ad);
  for (size_t bit = 0; bit < (nonce.size() + ad.size()) * 8; ++bit) {
    Bytes changed = nonce;
    changed.insert(changed.end(), ad.begin(), ad.end());
    changed[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    Bytes message = sealed;
    const auto view = std::span<const uint8_t>(changed);
    EXPECT_FALSE(ocb.Open(Ocb3::NonceOf(view.first<Ocb3::kNonceSize>()), message,
                          view.subspan(nonce.size())));
  }
}

TEST(Ocb3, DetectsEveryTruncation) {
  Ocb3 ocb{Key(Bytes(16, 9))};
  const Bytes nonce = NonceOf(1);
  const Bytes sealed = Sealed(ocb, nonce, Bytes(100, 0x62));
  for (size_t size = Ocb3::kTagSize; size < sealed.size(); ++size) {
    Bytes front(sealed.begin(), sealed.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(ocb.Open(Nonce(nonce), front));
    Bytes back(sealed.end() - static_cast<ptrdiff_t>(size), sealed.end());
    EXPECT_FALSE(ocb.Open(Nonce(nonce), back));
  }
}

TEST(Ocb3, WorksAtEveryAlignmentAndTouchesNothingAround) {
  Ocb3 ocb{Key(Bytes(16, 3))};
  const Bytes nonce = NonceOf(5);
  constexpr uint8_t kAround = 0xa5;
  for (size_t size : {0, 1, 15, 16, 17, 63, 64, 65, 129}) {
    const Bytes text(size, 0x63);
    const Bytes expected = Sealed(ocb, nonce, text);
    for (size_t at = 1; at <= 17; ++at) {
      Bytes buffer(at + expected.size() + 17, kAround);
      const auto message = std::span(buffer).subspan(at, expected.size());
      std::copy(text.begin(), text.end(), message.begin());
      ocb.Seal(Nonce(nonce), message);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), message.begin()));
      EXPECT_TRUE(ocb.Open(Nonce(nonce), message));
      EXPECT_TRUE(std::equal(text.begin(), text.end(), message.begin()));
      std::fill(message.begin(), message.end(), kAround);
      EXPECT_EQ(std::count(buffer.begin(), buffer.end(), kAround), std::ssize(buffer));
    }
  }
}

// The remembered Ktop must never be used for a nonce of another group of 64, in either direction of
// jumps.
TEST(Ocb3, GivesTheSameForNoncesInAnyOrder) {
  const Bytes key(16, 0x42);
  Ocb3 jumping{Key(key)};
  SeededRandom random(7);
  for (int i = 0; i < 20000; ++i) {
    Bytes nonce = NonceOf(random.Below(300));
    if (random.Below(4) == 0) nonce[random.Below(12)] ^= 1;
    const Bytes text(random.Below(40), static_cast<uint8_t>(i));
    Ocb3 fresh{Key(key)};
    Bytes message = Sealed(jumping, nonce, text);
    ASSERT_EQ(message, Sealed(fresh, nonce, text));
    ASSERT_TRUE(jumping.Open(Nonce(nonce), message));
  }
}

TEST(Ocb3, HandlesTheLongestText) {
  Ocb3 ocb{Key(Bytes(16, 1))};
  Bytes text(Ocb3::kMaxTextSize);
  SeededRandom(3).Fill(text);
  const Bytes nonce = NonceOf(2);
  Bytes message = Sealed(ocb, nonce, text);
  ASSERT_TRUE(ocb.Open(Nonce(nonce), message));
  EXPECT_TRUE(std::equal(text.begin(), text.end(), message.begin()));
}

// Mostly short texts, as in life, of a few long-lived ciphers.
TEST(Ocb3, OpensWhatItSealedMillionsOfTimes) {
#ifdef MOSH_SANITIZED
  constexpr int kRounds = 100'000;
#else
  constexpr int kRounds = 3'000'000;
#endif
  SeededRandom random(2024);
  Bytes pool(4096);
  random.Fill(pool);
  Bytes key(16);
  random.Fill(key);
  Ocb3 ocb{Key(key)};
  Bytes buffer(1600);
  for (int round = 0; round < kRounds; ++round) {
    const size_t size = random.Below(16) == 0 ? random.Below(1500) : random.Below(100);
    const auto text = std::span(pool).subspan(random.Below(pool.size() - size), size);
    const auto message = std::span(buffer).first(size + Ocb3::kTagSize);
    const Bytes nonce = NonceOf(random.Below(1u << 20));
    std::copy(text.begin(), text.end(), message.begin());
    ocb.Seal(Nonce(nonce), message);
    ASSERT_TRUE(ocb.Open(Nonce(nonce), message));
    ASSERT_TRUE(std::equal(text.begin(), text.end(), message.begin()));
  }
}

}  // namespace
}  // namespace mosh::crypto
