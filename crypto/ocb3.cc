// Follows RFC 7253 and uses its symbols: L_*, L_$, L_i (§4.1), HASH (§4.1), OCB-ENCRYPT (§4.2),
// OCB-DECRYPT (§4.3).
//
// Where it departs from the RFC's order of steps, the results are the same:
// - C_i = Offset_i xor E(P_i xor Offset_i) for all i takes one call to AES: xor all offsets in,
// encrypt, xor them again.
//   The offsets are cheaper to compute twice than to keep.
// - Sealing needs no result of one block for another, so the tag's block rides along in that call,
// or in the call that
//   makes Pad. Opening tests D(Tag) = Checksum xor Offset xor L_$ rather than Tag = E(...), so its
//   tag rides along too.
// - A partial last block is handled as a whole register: the message always has 16 octets of tag
// behind the text.
#include "crypto/ocb3.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "crypto/big_endian.h"
#include "crypto/cleanse.h"

namespace mosh::crypto {
namespace {

constexpr size_t kBlock = Aes128::kBlockSize;

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

Ocb3::Ocb3(std::span<const uint8_t, kKeySize> key) : aes_(key) {
  l_star_ = Block{};
  EncryptBlocks(&l_star_, 1);
  l_dollar_ = Double(l_star_);
  l_[0] = Double(l_dollar_);
  for (size_t i = 1; i < kLSize; ++i) l_[i] = Double(l_[i - 1]);
  l_0_1_ = l_[0] ^ l_[1];
}

Ocb3::~Ocb3() {
  // Whoever knows these can forge, though not read.
  for (Block* secret : {&l_star_, &l_dollar_, &l_0_1_}) {
    Cleanse({reinterpret_cast<uint8_t*>(secret), sizeof(*secret)});
  }
  Cleanse({reinterpret_cast<uint8_t*>(l_), sizeof(l_)});
  Cleanse({reinterpret_cast<uint8_t*>(&sealing_), sizeof(sealing_)});
  Cleanse({reinterpret_cast<uint8_t*>(&opening_), sizeof(opening_)});
}

// Offset_0 of §4.2: Stretch[1+bottom..128+bottom].
inline Ocb3::Block Ocb3::Offset0(std::span<const uint8_t, kNonceSize> nonce, Top& top) {
  // num2str(TAGLEN mod 128, 7) || zeros(120-bitlen(N)) || 1 || N, and TAGLEN mod 128 is 0.
  const uint64_t high = uint64_t{1} << 32 | LoadBigEndian32(nonce.data());
  const uint64_t low = LoadBigEndian64(nonce.data() + 4);
  const unsigned bottom = low & 63;
  if (top.low != (low & ~uint64_t{63}) || top.high != high) {
    top.high = high;
    top.low = low & ~uint64_t{63};
    Block ktop{BigEndian64(top.high), BigEndian64(top.low)};
    EncryptBlocks(&ktop, 1);
    top.stretch[0] = BigEndian64(ktop[0]);
    top.stretch[1] = BigEndian64(ktop[1]);
    // Ktop[1..64] xor Ktop[9..72]
    top.stretch[2] = top.stretch[0] ^ (top.stretch[0] << 8 | top.stretch[1] >> 56);
  }
  // In two steps, because a shift by 64 is undefined.
  const auto shifted = [&](int i) {
    return top.stretch[i] << bottom | top.stretch[i + 1] >> 1 >> (63 - bottom);
  };
  return Block{BigEndian64(shifted(0)), BigEndian64(shifted(1))};
}

// Xors Offset_1 .. Offset_m into the m whole blocks of `text`, given Offset_0, and returns
// Offset_m. Adds the blocks to the checksum as they were before or as they are after.
template <Ocb3::Sum kSum>
inline Ocb3::Block Ocb3::XorOffsets(Block offset, uint8_t* text, size_t blocks,
                                    Block* checksum) const {
  Block sum{};
  const auto step = [&](Block offset_i, uint8_t* at) {
    const Block before = Load(at);
    const Block after = before ^ offset_i;
    if constexpr (kSum == Sum::kBefore) sum ^= before;
    if constexpr (kSum == Sum::kAfter) sum ^= after;
    Store(after, at);
  };
  size_t i = 1;
  // ntz of 4k+1, 4k+2, 4k+3 is 0, 1, 0: four offsets from one, so that they do not wait for each
  // other.
  for (; i + 3 <= blocks; i += 4, text += 4 * kBlock) {
    const Block fourth = offset ^ l_[1] ^ l_[std::countr_zero(i + 3)];
    step(offset ^ l_[0], text);
    step(offset ^ l_0_1_, text + kBlock);
    step(offset ^ l_[1], text + 2 * kBlock);
    step(fourth, text + 3 * kBlock);
    offset = fourth;
  }
  for (; i <= blocks; ++i, text += kBlock) {
    offset ^= l_[std::countr_zero(i)];
    step(offset, text);
  }
  if constexpr (kSum != Sum::kNone) *checksum ^= sum;
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

void Ocb3::Seal(std::span<const uint8_t, kNonceSize> nonce, std::span<uint8_t> message,
                std::span<const uint8_t> associated_data) {
  CHECK(message.size() >= kTagSize);
  CHECK(message.size() <= kMaxTextSize + kTagSize);
  const size_t text_size = message.size() - kTagSize;
  const size_t whole = text_size / kBlock;
  const size_t rest = text_size % kBlock;
  uint8_t* const text = message.data();
  uint8_t* const last = text + whole * kBlock;

  const Block offset_0 = Offset0(nonce, sealing_);
  Block checksum{};
  const Block offset_m = XorOffsets<Sum::kBefore>(offset_0, text, whole, &checksum);
  if (rest == 0) {
    Store(checksum ^ offset_m ^ l_dollar_, last);
    aes_.Encrypt({text, (whole + 1) * kBlock});
  } else {
    const Block p_star = Load(last) & Load(kKeepTable + kBlock - rest);
    const Block offset_star = offset_m ^ l_star_;
    checksum ^= p_star ^ Load(kEndTable + kBlock - rest);
    Block pad_and_tag[2] = {offset_star, checksum ^ offset_star ^ l_dollar_};
    EncryptBlocks(pad_and_tag, 2);
    if (whole > 0) aes_.Encrypt({text, whole * kBlock});
    Store(p_star ^ pad_and_tag[0], last);  // runs over into the tag's room, which comes next
    Store(pad_and_tag[1], last + rest);
  }
  XorOffsets<Sum::kNone>(offset_0, text, whole, nullptr);
  if (!associated_data.empty()) Store(Load(last + rest) ^ Hash(associated_data), last + rest);
}

bool Ocb3::Open(std::span<const uint8_t, kNonceSize> nonce, std::span<uint8_t> message,
                std::span<const uint8_t> associated_data) {
  CHECK(message.size() >= kTagSize);
  CHECK(message.size() <= kMaxTextSize + kTagSize);
  const size_t text_size = message.size() - kTagSize;
  const size_t whole = text_size / kBlock;
  const size_t rest = text_size % kBlock;
  uint8_t* const text = message.data();
  uint8_t* const last = text + whole * kBlock;

  const Block offset_0 = Offset0(nonce, opening_);
  if (!associated_data.empty()) Store(Load(last + rest) ^ Hash(associated_data), last + rest);
  Block final_offset = XorOffsets<Sum::kNone>(offset_0, text, whole, nullptr);
  Block checksum{};
  Block tag_input;  // D(Tag)
  if (rest == 0) {
    aes_.Decrypt({text, (whole + 1) * kBlock});
    tag_input = Load(last);
  } else {
    final_offset ^= l_star_;
    Block pad = final_offset;
    EncryptBlocks(&pad, 1);
    tag_input = Load(last + rest);
    aes_.Decrypt({reinterpret_cast<uint8_t*>(&tag_input), kBlock});
    if (whole > 0) aes_.Decrypt({text, whole * kBlock});
    const Block p_star = (Load(last) ^ pad) & Load(kKeepTable + kBlock - rest);
    checksum = p_star ^ Load(kEndTable + kBlock - rest);
    Store(p_star, last);
  }
  XorOffsets<Sum::kAfter>(offset_0, text, whole, &checksum);

  // One comparison of all 128 bits: the time does not tell how many fit.
  const Block difference = tag_input ^ checksum ^ final_offset ^ l_dollar_;
  if ((difference[0] | difference[1]) != 0) {
    Cleanse(message);
    return false;
  }
  Store(Block{}, last + rest);
  return true;
}

}  // namespace mosh::crypto
