#include "ssp/compression.h"

#include <zlib.h>

#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "ssp/testing/vectors.h"

namespace mosh::ssp {
namespace {

Bytes ZlibCompress(const Bytes& bytes, int level) {
  uLongf size = compressBound(bytes.size());
  Bytes out(size);
  EXPECT_EQ(compress2(out.data(), &size, bytes.data(), bytes.size(), level), Z_OK);
  out.resize(size);
  return out;
}

Bytes ZlibUncompress(std::span<const uint8_t> stream, size_t expected) {
  Bytes out(expected + 1);
  uLongf size = out.size();
  EXPECT_EQ(uncompress(out.data(), &size, stream.data(), stream.size()), Z_OK);
  out.resize(size);
  return out;
}

Bytes Sample(std::mt19937& random, size_t size) {
  Bytes bytes(size);
  const int letters = 1 + static_cast<int>(random() % 200);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() % letters);
  return bytes;
}

Bytes ToBytes(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Codec, ZlibReadsOurs) {
  Codec codec;
  std::mt19937 random(1);
  for (const size_t size : {0, 1, 20, 300, 5000, 70'000, 1'000'000}) {
    const Bytes bytes = Sample(random, size);
    EXPECT_EQ(ZlibUncompress(codec.Compress(bytes), size), bytes);
  }
}

TEST(Codec, ReadsZlibAtEveryLevel) {
  Codec codec;
  std::mt19937 random(2);
  for (const size_t size : {0, 1, 20, 300, 5000, 70'000, 1'000'000}) {
    for (int level = 0; level <= 9; ++level) {
      const Bytes bytes = Sample(random, size);
      const auto unpacked = codec.Decompress(ZlibCompress(bytes, level));
      ASSERT_TRUE(unpacked);
      EXPECT_EQ(ToBytes(*unpacked), bytes);
    }
  }
}

TEST(Codec, ReadsStockInstructions) {
  Codec codec;
  for (const InstructionVector& v : LoadVectors().instructions) {
    const auto unpacked = codec.Decompress(v.compressed);
    ASSERT_TRUE(unpacked);
    EXPECT_EQ(ToBytes(*unpacked), v.instruction);
    // The same header as stock's, for whoever looks.
    const auto packed = codec.Compress(v.instruction);
    EXPECT_EQ(packed[0], 0x78);
    EXPECT_EQ(packed[1], 0x9c);
    // Tiny ones are stored, which costs a few octets and saves time.
    EXPECT_LE(packed.size(), v.compressed.size() + 16);
  }
}

TEST(Codec, ExactlyTheLimitIsFineAndOneMoreIsNot) {
  Codec codec;
  const auto largest = codec.Decompress(ZlibCompress(Bytes(kMaxInflated, 5), 6));
  ASSERT_TRUE(largest);
  EXPECT_EQ(largest->size(), kMaxInflated);
  EXPECT_FALSE(codec.Decompress(ZlibCompress(Bytes(kMaxInflated + 1, 5), 6)));
  EXPECT_FALSE(codec.Decompress(ZlibCompress(Bytes(16 * kMaxInflated, 5), 9)));
}

TEST(Codec, DamageIsNoticed) {
  Codec codec;
  std::mt19937 random(3);
  const Bytes stream = ZlibCompress(Sample(random, 500), 6);
  for (size_t n = 0; n < stream.size(); ++n) {
    EXPECT_FALSE(codec.Decompress(std::span(stream).first(n)));
  }
  int undetected = 0;
  for (size_t bit = 0; bit < 8 * stream.size(); ++bit) {
    Bytes damaged = stream;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    undetected += codec.Decompress(damaged).has_value();
  }
  EXPECT_LE(undetected, 8);  // header bits without meaning
}

TEST(Codec, TrailingBytesAreIgnoredAsZlibDoes) {
  Codec codec;
  Bytes stream = ZlibCompress({1, 2, 3}, 6);
  stream.push_back(99);
  const auto unpacked = codec.Decompress(stream);
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(ToBytes(*unpacked), (Bytes{1, 2, 3}));
}

}  // namespace
}  // namespace mosh::ssp
