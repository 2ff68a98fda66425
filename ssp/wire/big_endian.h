// Unsigned integers in network order, for the codecs of this folder.
#ifndef SSP_WIRE_BIG_ENDIAN_H_
#define SSP_WIRE_BIG_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace mosh::ssp {

template <class T, size_t N>
constexpr T LoadBigEndian(std::span<const uint8_t, N> bytes) {
  static_assert(N == sizeof(T));
  T value = 0;
  for (const uint8_t byte : bytes) value = static_cast<T>((value << 8) | byte);
  return value;
}

template <class T, size_t N>
constexpr void StoreBigEndian(T value, std::span<uint8_t, N> bytes) {
  static_assert(N == sizeof(T));
  for (size_t i = 0; i < N; ++i) bytes[i] = static_cast<uint8_t>(value >> (8 * (N - 1 - i)));
}

}  // namespace mosh::ssp

#endif  // SSP_WIRE_BIG_ENDIAN_H_
