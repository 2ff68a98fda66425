// What a datagram's first eight octets say: who sealed it and which of his datagrams it is.
// Source: docs/spec/transport.md §2.2, §2.4. Big-endian on the wire: bit 63 is the direction,
// bits 62..0 the sequence.
#ifndef CRYPTO_NONCE_H_
#define CRYPTO_NONCE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/big_endian.h"

namespace mosh::crypto {

// Octets of the nonce that travel in each datagram.
inline constexpr size_t kNonceSize = 8;

enum class Direction : uint8_t { kToServer = 0, kToClient = 1 };

constexpr Direction Opposite(Direction direction) {
  return direction == Direction::kToServer ? Direction::kToClient : Direction::kToServer;
}

// Counts the datagrams one end has sealed under one key, from 0. 63 bits; a value is never used
// twice.
struct SequenceNumber {
  uint64_t value = 0;

  static constexpr SequenceNumber Max() { return {(uint64_t{1} << 63) - 1}; }

  friend auto operator<=>(const SequenceNumber&, const SequenceNumber&) = default;
};

struct Nonce {
  Direction direction = Direction::kToServer;
  SequenceNumber sequence;

  // Every 64-bit value is some nonce, so reading cannot fail. The other way needs sequence <=
  // Max().
  static Nonce Read(std::span<const uint8_t, kNonceSize> wire);
  void Write(std::span<uint8_t, kNonceSize> wire) const;
  // The wire's octets as one number: the low 64 bits of the cipher's nonce, whose upper 32 are
  // zeros.
  constexpr uint64_t ToWord() const {
    return static_cast<uint64_t>(direction) << 63 | sequence.value;
  }

  friend bool operator==(const Nonce&, const Nonce&) = default;
};

inline Nonce Nonce::Read(std::span<const uint8_t, kNonceSize> wire) {
  const uint64_t value = LoadBigEndian64(wire.data());
  return {.direction = static_cast<Direction>(value >> 63),
          .sequence = {value & SequenceNumber::Max().value}};
}

inline void Nonce::Write(std::span<uint8_t, kNonceSize> wire) const {
  StoreBigEndian64(ToWord(), wire.data());
}

}  // namespace mosh::crypto

#endif  // CRYPTO_NONCE_H_
