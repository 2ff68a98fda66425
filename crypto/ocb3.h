// AES-128-OCB3 with a 128-bit tag and a 96-bit nonce. Source: RFC 7253; the names in ocb3.cc are
// its names.
//
// Works in place and allocates nothing per message. The nonce must never repeat under one key:
// SessionCipher sees to that, and nothing else should use this class. Not thread-safe: it remembers
// Ktop, the encrypted top of the last nonce, separately for sealing and for opening, because 64
// consecutive nonces share it.
#ifndef CRYPTO_OCB3_H_
#define CRYPTO_OCB3_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/aes128.h"

namespace mosh::crypto {

class Ocb3 {
 public:
  static constexpr size_t kKeySize = Aes128::kKeySize;
  static constexpr size_t kNonceSize = 12;
  static constexpr size_t kTagSize = 16;
  // Longer than any datagram; also the bound for associated data. Keeps the L table small and sizes
  // within an int.
  static constexpr size_t kMaxTextSize = 65536;

  // The 96 bits of N as one number, the way a counter is one: 32 upper and 64 lower bits.
  struct Nonce {
    uint32_t high = 0;
    uint64_t low = 0;
  };
  static Nonce NonceOf(std::span<const uint8_t, kNonceSize> octets);

  // How many blocks a register takes. The results are the same; tests ask for the narrow form where
  // both would run.
  enum class Width { kBest, kNarrow };

  explicit Ocb3(std::span<const uint8_t, kKeySize> key, Width width = Width::kBest);
  ~Ocb3();
  Ocb3(const Ocb3&) = delete;
  Ocb3& operator=(const Ocb3&) = delete;

  // message = [text][16 octets room]. Replaces the text by ciphertext and fills the room with the
  // tag. Cannot fail.
  void Seal(Nonce nonce, std::span<uint8_t> message, std::span<const uint8_t> associated_data = {});

  // message = [ciphertext][tag], at least 16 octets. True: the text is in place and the tag's room
  // is zeros. False: the tag does not fit, and the whole message is zeros.
  [[nodiscard]] bool Open(Nonce nonce, std::span<uint8_t> message,
                          std::span<const uint8_t> associated_data = {});

 private:
  // 16 octets in memory order, in a vector register where there is one. XOR is all OCB needs of it.
  typedef uint64_t Block __attribute__((vector_size(16)));

  // Indices of L_i run to ntz(i) for i blocks; 2^12 blocks are kMaxTextSize.
  static constexpr size_t kLSize = 13;

  // Blocks that go through AES in one call: a whole datagram within the usual path MTU. A multiple
  // of 4.
  static constexpr size_t kStride = 80;

  // The upper 122 bits of the nonce block as two words, and the Stretch that follows from them.
  struct Top {
    uint64_t high = ~uint64_t{0};  // no nonce block is all ones: forces the first computation
    uint64_t low = ~uint64_t{0};
    uint64_t stretch[3] = {};
  };

  // Whether the checksum takes the blocks as they were or as they become.
  enum class Sum { kNone, kBefore, kAfter };

  static Block Load(const uint8_t* from);
  static void Store(Block block, uint8_t* to);
  static Block Double(Block block);

  Block Offset0(Nonce nonce, Top& top);
  void ComputeTop(uint64_t high, uint64_t low, Top& top);
  template <Sum kSum>
  Block XorOffsets(Block offset, size_t done, const uint8_t* from, uint8_t* to, size_t blocks,
                   Block& checksum) const;
  template <Sum kSum>
  Block XorOffsetsAvx2(Block offset, size_t done, const uint8_t* from, uint8_t* to, size_t blocks,
                       Block& checksum) const;
  Block Hash(std::span<const uint8_t> associated_data);
  void EncryptBlocks(Block* blocks, size_t count);
  void DecryptBlocks(Block* blocks, size_t count);

  Aes128 aes_;
  Block l_star_;
  Block l_dollar_;
  Block l_[kLSize];
  Top sealing_;
  Top opening_;
  const bool wide_;
};

}  // namespace mosh::crypto

#endif  // CRYPTO_OCB3_H_
