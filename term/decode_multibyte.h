// Decoding of one complete, well-formed UTF-8 character beyond ASCII (Unicode 15, table 3-7),
// inline for the emulator's fast paths. Whatever is incomplete or malformed is Utf8Decoder's
// (utf8.h).
#ifndef TERM_DECODE_MULTIBYTE_H_
#define TERM_DECODE_MULTIBYTE_H_

#include <cstddef>
#include <cstdint>

namespace mosh::term {

inline bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// Decodes a complete, well-formed character of at least two bytes; length 0 if there is none.
struct Decoded {
  int length = 0;
  char32_t code_point = 0;
};
[[gnu::always_inline]] inline Decoded DecodeMultibyte(const uint8_t* p, const uint8_t* end) {
  const size_t left = end - p;
  const uint8_t lead = p[0];
  if (lead >= 0xE1 && lead <= 0xEC) {  // Most of the multi-byte text of the world.
    if (left < 3 || !IsContinuation(p[1]) || !IsContinuation(p[2])) return {};
    return {3, char32_t(lead & 0x0F) << 12 | char32_t(p[1] & 0x3F) << 6 | (p[2] & 0x3F)};
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    if (left < 2 || !IsContinuation(p[1])) return {};
    return {2, char32_t(lead & 0x1F) << 6 | (p[1] & 0x3F)};
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (left < 3 || !IsContinuation(p[1]) || !IsContinuation(p[2])) return {};
    const char32_t c = char32_t(lead & 0x0F) << 12 | char32_t(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    if (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF)) return {};
    return {3, c};
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (left < 4 || !IsContinuation(p[1]) || !IsContinuation(p[2]) || !IsContinuation(p[3])) {
      return {};
    }
    const char32_t c = char32_t(lead & 0x07) << 18 | char32_t(p[1] & 0x3F) << 12 |
                       char32_t(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    if (c < 0x10000 || c > 0x10FFFF) return {};
    return {4, c};
  }
  return {};
}

}  // namespace mosh::term

#endif  // TERM_DECODE_MULTIBYTE_H_
