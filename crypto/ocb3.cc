// Follows RFC 7253 and uses its symbols: L_*, L_$, L_i (§4.1), HASH (§4.1), OCB-ENCRYPT (§4.2),
// OCB-DECRYPT (§4.3).
//
// Where it departs from the RFC's order of steps, the results are the same:
// - C_i = Offset_i xor E(P_i xor Offset_i) for all i takes one call to AES: copy the blocks into an
// aligned work area
//   with the offsets xored in, encrypt there, copy them back and xor again. Offsets are cheaper to
//   compute twice than to keep.
// - Sealing needs no result of one block for another, so the blocks of Pad and Tag ride along in
// that call. Opening
//   tests D(Tag) = Checksum xor Offset xor L_$ rather than Tag = E(...), so its tag rides along
//   too.
// - A partial last block is handled as a whole register: the message always has 16 octets of tag
// behind the text.
#include "crypto/ocb3.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "crypto/big_endian.h"
#include "crypto/cleanse.h"

// Compiles one function for processors with AVX2; it is called only on those.
#if defined(__x86_64__)
#define MOSH_TARGET_AVX2 __attribute__((target("avx2"), noinline))
#else
#define MOSH_TARGET_AVX2
#endif

namespace mosh::crypto {
namespace {

constexpr size_t kBlock = Aes128::kBlockSize;

// From how many blocks on two at a time are faster than one, as measured.
constexpr size_t kWideBlocks = 24;

bool HasAvx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

// Sixteen octets read at 16 - n: n octets of 0xff, then zeros.
constexpr uint8_t kKeepTable[2 * kBlock] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
// Sixteen octets read at 16 - n: zeros, but 0x80 at n: the bit that ends P_*.
constexpr uint8_t kEndTable[2 * kBlock] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80};

}  // namespace

inline Ocb3::Block Ocb3::Load(const uint8_t* from) {
  Block block;
  std::memcpy(&block, from, sizeof(block));
  return block;
}

inline void Ocb3::Store(Block block, uint8_t* to) { std::memcpy(to, &block, sizeof(block)); }

// double(S), §2, without a branch on the secret bit.
Ocb3::Block Ocb3::Double(Block block) {
  const uint64_t high = BigEndian64(block[0]);
  const uint64_t low = BigEndian64(block[1]);
  const uint64_t carry = uint64_t{0} - (high >> 63);
  return Block{BigEndian64(high << 1 | low >> 63), BigEndian64(low << 1 ^ (carry & 0x87))};
}

void Ocb3::EncryptBlocks(Block* blocks, size_t count) {
  aes_.Encrypt({reinterpret_cast<uint8_t*>(blocks), count * kBlock});
}

void Ocb3::DecryptBlocks(Block* blocks, size_t count) {
  aes_.Decrypt({reinterpret_cast<uint8_t*>(blocks), count * kBlock});
}

Ocb3::Ocb3(std::span<const uint8_t, kKeySize> key, Width width)
    : aes_(key), wide_(width == Width::kBest && HasAvx2()) {
  l_star_ = Block{};
  EncryptBlocks(&l_star_, 1);
  l_dollar_ = Double(l_star_);
  l_[0] = Double(l_dollar_);
  for (size_t i = 1; i < kLSize; ++i) l_[i] = Double(l_[i - 1]);
}

Ocb3::~Ocb3() {
  // Whoever knows these can forge, though not read.
  for (Block* secret : {&l_star_, &l_dollar_}) {
    Cleanse({reinterpret_cast<uint8_t*>(secret), sizeof(*secret)});
  }
  Cleanse({reinterpret_cast<uint8_t*>(l_), sizeof(l_)});
  Cleanse({reinterpret_cast<uint8_t*>(&sealing_), sizeof(sealing_)});
  Cleanse({reinterpret_cast<uint8_t*>(&opening_), sizeof(opening_)});
}

Ocb3::Nonce Ocb3::NonceOf(std::span<const uint8_t, kNonceSize> octets) {
  return {.high = LoadBigEndian32(octets.data()), .low = LoadBigEndian64(octets.data() + 4)};
}

// Ktop and Stretch of §4.2. Needed once in 64 nonces, so kept out of the way.
__attribute__((noinline)) void Ocb3::ComputeTop(uint64_t high, uint64_t low, Top& top) {
  Block ktop{BigEndian64(high), BigEndian64(low)};
  EncryptBlocks(&ktop, 1);
  top.high = high;
  top.low = low;
  top.stretch[0] = BigEndian64(ktop[0]);
  top.stretch[1] = BigEndian64(ktop[1]);
  // Ktop[1..64] xor Ktop[9..72]
  top.stretch[2] = top.stretch[0] ^ (top.stretch[0] << 8 | top.stretch[1] >> 56);
}

// Offset_0 of §4.2: Stretch[1+bottom..128+bottom].
inline Ocb3::Block Ocb3::Offset0(Nonce nonce, Top& top) {
  // num2str(TAGLEN mod 128, 7) || zeros(120-bitlen(N)) || 1 || N, and TAGLEN mod 128 is 0.
  const uint64_t high = uint64_t{1} << 32 | nonce.high;
  const uint64_t low = nonce.low & ~uint64_t{63};
  const unsigned bottom = nonce.low & 63;
  if (top.low != low || top.high != high) ComputeTop(high, low, top);
  // In two steps, because a shift by 64 is undefined.
  const auto shifted = [&](int i) {
    return top.stretch[i] << bottom | top.stretch[i + 1] >> 1 >> (63 - bottom);
  };
  return Block{BigEndian64(shifted(0)), BigEndian64(shifted(1))};
}

// Copies whole blocks, xoring Offset_i into each, where the first has i = done + 1 and `offset` is
// Offset_done; done is a multiple of 4. Returns the last offset.
template <Ocb3::Sum kSum>
inline Ocb3::Block Ocb3::XorOffsets(Block offset, size_t done, const uint8_t* from, uint8_t* to,
                                    size_t blocks, Block& checksum) const {
  if (wide_ && blocks >= kWideBlocks) {
    const size_t fours = blocks & ~size_t{3};
    offset = XorOffsetsAvx2<kSum>(offset, done, from, to, fours, checksum);
    done += fours;
    from += fours * kBlock;
    to += fours * kBlock;
    blocks -= fours;
  }
  Block sum{};  // in a register, where `checksum` might be in memory
  const auto step = [&](Block offset_i, size_t at) {
    const Block before = Load(from + at);
    const Block after = before ^ offset_i;
    if constexpr (kSum == Sum::kBefore) sum ^= before;
    if constexpr (kSum == Sum::kAfter) sum ^= after;
    Store(after, to + at);
  };
  const Block l_0 = l_[0];
  const Block l_1 = l_[1];
  const Block l_0_1 = l_0 ^ l_1;
  size_t i = done;
  const size_t end = done + blocks;
  // ntz of 4k+1, 4k+2, 4k+3 is 0, 1, 0: four offsets from one, so that they do not wait for each
  // other.
  for (; i + 4 <= end; i += 4, from += 4 * kBlock, to += 4 * kBlock) {
    const Block fourth = offset ^ l_1 ^ l_[std::countr_zero(i + 4)];
    step(offset ^ l_0, 0);
    step(offset ^ l_0_1, kBlock);
    step(offset ^ l_1, 2 * kBlock);
    step(fourth, 3 * kBlock);
    offset = fourth;
  }
  for (; i < end; ++i, from += kBlock, to += kBlock) {
    offset ^= l_[std::countr_zero(i + 1)];
    step(offset, 0);
  }
  if constexpr (kSum != Sum::kNone) checksum ^= sum;
  return offset;
}

// The same, two blocks in a register; the number of blocks is a multiple of 4. Stores are what
// limits the narrow form. Not worth it for few blocks: a wide load just behind AES's narrow stores
// has to wait for them to reach the cache.
template <Ocb3::Sum kSum>
MOSH_TARGET_AVX2 Ocb3::Block Ocb3::XorOffsetsAvx2(Block offset, size_t done, const uint8_t* from,
                                                  uint8_t* to, size_t blocks,
                                                  Block& checksum) const {
  typedef uint64_t TwoBlocks __attribute__((vector_size(32)));
  const Block l_0 = l_[0];
  const Block l_1 = l_[1];
  const Block l_0_1 = l_0 ^ l_1;
  const TwoBlocks l_0_then_l_0_1{l_0[0], l_0[1], l_0_1[0], l_0_1[1]};
  TwoBlocks sum{};
  const size_t end = done + blocks;
  for (size_t i = done; i < end; i += 4, from += 4 * kBlock, to += 4 * kBlock) {
    const Block third = offset ^ l_1;
    const Block fourth = third ^ l_[std::countr_zero(i + 4)];
    TwoBlocks before[2];
    std::memcpy(before, from, sizeof(before));
    const TwoBlocks after[2] = {
        before[0] ^ __builtin_shufflevector(offset, offset, 0, 1, 0, 1) ^ l_0_then_l_0_1,
        before[1] ^ __builtin_shufflevector(third, fourth, 0, 1, 2, 3)};
    if constexpr (kSum == Sum::kBefore) sum ^= before[0] ^ before[1];
    if constexpr (kSum == Sum::kAfter) sum ^= after[0] ^ after[1];
    std::memcpy(to, after, sizeof(after));
    offset = fourth;
  }
  if constexpr (kSum != Sum::kNone) checksum ^= Block{sum[0] ^ sum[2], sum[1] ^ sum[3]};
  return offset;
}

// HASH(K, A), §4.1. Datagrams have no associated data, so this is written for clarity, not speed.
Ocb3::Block Ocb3::Hash(std::span<const uint8_t> associated_data) {
  CHECK(associated_data.size() <= kMaxTextSize);
  Block sum{};
  Block offset{};
  const auto add = [&](Block a_i) {
    Block block = a_i ^ offset;
    EncryptBlocks(&block, 1);
    sum ^= block;
  };
  size_t i = 1;
  for (; associated_data.size() >= kBlock; ++i, associated_data = associated_data.subspan(kBlock)) {
    offset ^= l_[std::countr_zero(i)];
    add(Load(associated_data.data()));
  }
  if (!associated_data.empty()) {
    uint8_t last[kBlock] = {};
    std::memcpy(last, associated_data.data(), associated_data.size());
    last[associated_data.size()] = 0x80;
    offset ^= l_star_;
    add(Load(last));
  }
  return sum;
}

void Ocb3::Seal(Nonce nonce, std::span<uint8_t> message, std::span<const uint8_t> associated_data) {
  CHECK(message.size() >= kTagSize);
  CHECK(message.size() <= kMaxTextSize + kTagSize);
  const size_t text_size = message.size() - kTagSize;
  const size_t rest = text_size % kBlock;
  size_t whole = text_size / kBlock;
  uint8_t* text = message.data();

  alignas(64) Block work[kStride + 2];
  auto* const work_octets = reinterpret_cast<uint8_t*>(work);
  Block offset = Offset0(nonce, sealing_);
  Block checksum{};
  Block unused{};
  size_t done = 0;
  for (; whole > kStride; whole -= kStride, done += kStride, text += kStride * kBlock) {
    const Block next = XorOffsets<Sum::kBefore>(offset, done, text, work_octets, kStride, checksum);
    EncryptBlocks(work, kStride);
    XorOffsets<Sum::kNone>(offset, done, work_octets, text, kStride, unused);
    offset = next;
  }

  Block last_offset = XorOffsets<Sum::kBefore>(offset, done, text, work_octets, whole, checksum);
  uint8_t* const last = text + whole * kBlock;
  size_t count = whole;
  Block p_star{};
  if (rest != 0) {
    p_star = Load(last) & Load(kKeepTable + kBlock - rest);
    checksum ^= p_star ^ Load(kEndTable + kBlock - rest);
    last_offset ^= l_star_;
    work[count++] = last_offset;  // becomes Pad
  }
  work[count++] = checksum ^ last_offset ^ l_dollar_;  // becomes Tag
  EncryptBlocks(work, count);
  XorOffsets<Sum::kNone>(offset, done, work_octets, text, whole, unused);
  // Runs over into the tag's room, which is filled next.
  if (rest != 0) Store(p_star ^ work[whole], last);
  Block tag = work[count - 1];
  if (!associated_data.empty()) tag ^= Hash(associated_data);
  Store(tag, last + rest);
}

bool Ocb3::Open(Nonce nonce, std::span<uint8_t> message, std::span<const uint8_t> associated_data) {
  CHECK(message.size() >= kTagSize);
  CHECK(message.size() <= kMaxTextSize + kTagSize);
  const size_t text_size = message.size() - kTagSize;
  const size_t rest = text_size % kBlock;
  size_t whole = text_size / kBlock;
  uint8_t* text = message.data();

  alignas(64) Block work[kStride + 1];
  auto* const work_octets = reinterpret_cast<uint8_t*>(work);
  Block offset = Offset0(nonce, opening_);
  Block checksum{};
  Block unused{};
  size_t done = 0;
  for (; whole > kStride; whole -= kStride, done += kStride, text += kStride * kBlock) {
    const Block next = XorOffsets<Sum::kNone>(offset, done, text, work_octets, kStride, unused);
    DecryptBlocks(work, kStride);
    XorOffsets<Sum::kAfter>(offset, done, work_octets, text, kStride, checksum);
    offset = next;
  }

  Block last_offset = XorOffsets<Sum::kNone>(offset, done, text, work_octets, whole, unused);
  uint8_t* const last = text + whole * kBlock;
  Block tag = Load(last + rest);
  if (!associated_data.empty()) tag ^= Hash(associated_data);
  if (rest != 0) {
    last_offset ^= l_star_;
    Block pad = last_offset;
    EncryptBlocks(&pad, 1);
    const Block p_star = (Load(last) ^ pad) & Load(kKeepTable + kBlock - rest);
    checksum ^= p_star ^ Load(kEndTable + kBlock - rest);
    Store(p_star, last);  // runs over into the tag, which has been read
  }
  work[whole] = tag;
  DecryptBlocks(work, whole + 1);
  XorOffsets<Sum::kAfter>(offset, done, work_octets, text, whole, checksum);

  // One comparison of all 128 bits: the time does not tell how many fit.
  const Block difference = work[whole] ^ checksum ^ last_offset ^ l_dollar_;
  if ((difference[0] | difference[1]) != 0) {
    Cleanse(message);
    Cleanse({work_octets, sizeof(work)});
    return false;
  }
  Store(Block{}, last + rest);
  return true;
}

}  // namespace mosh::crypto
