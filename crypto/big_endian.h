// Big-endian words, the order of the wire and of RFC 7253's bit strings. Pure; compiles to a load
// and a byte swap.
#ifndef CRYPTO_BIG_ENDIAN_H_
#define CRYPTO_BIG_ENDIAN_H_

#include <bit>
#include <cstdint>
#include <cstring>

namespace mosh::crypto {

// Converts between the host's order and big-endian; its own inverse.
constexpr uint64_t BigEndian64(uint64_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}
constexpr uint32_t BigEndian32(uint32_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}

inline uint64_t LoadBigEndian64(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  return BigEndian64(word);
}
inline uint32_t LoadBigEndian32(const uint8_t* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof(word));
  return BigEndian32(word);
}
inline void StoreBigEndian64(uint64_t word, uint8_t* to) {
  word = BigEndian64(word);
  std::memcpy(to, &word, sizeof(word));
}

}  // namespace mosh::crypto

#endif  // CRYPTO_BIG_ENDIAN_H_
