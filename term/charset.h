// The 94-character sets that programs still designate in a UTF-8 world (ECMA-35; DEC VT220; xterm
// ctlseqs "ESC ( C").
#ifndef TERM_CHARSET_H_
#define TERM_CHARSET_H_

#include <cstdint>

namespace mosh::term {

enum class Charset : uint8_t { kAscii, kUnitedKingdom, kDecSpecialGraphics };

// The set designated by `final`; ASCII if we do not know it, so that text stays readable.
constexpr Charset CharsetOf(uint8_t final) {
  switch (final) {
    case '0':
    case '2':  // Alternate character ROM, special graphics.
      return Charset::kDecSpecialGraphics;
    case 'A':
      return Charset::kUnitedKingdom;
    default:
      return Charset::kAscii;
  }
}

// The character that code 0x20-0x7E shows. Always one column wide.
constexpr char32_t MapCharset(Charset charset, uint8_t code) {
  // 0x5F-0x7E: VT220 Programmer Reference Manual, table 2-4.
  constexpr char32_t kGraphics[] = {0x0020, 0x25C6, 0x2592, 0x2409, 0x240C, 0x240D, 0x240A, 0x00B0,
                                    0x00B1, 0x2424, 0x240B, 0x2518, 0x2510, 0x250C, 0x2514, 0x253C,
                                    0x23BA, 0x23BB, 0x2500, 0x23BC, 0x23BD, 0x251C, 0x2524, 0x2534,
                                    0x252C, 0x2502, 0x2264, 0x2265, 0x03C0, 0x2260, 0x00A3, 0x00B7};
  static_assert(sizeof(kGraphics) / sizeof(kGraphics[0]) == 0x7E - 0x5F + 1);
  if (charset == Charset::kUnitedKingdom && code == '#') return 0x00A3;
  if (charset == Charset::kDecSpecialGraphics && code >= 0x5F && code <= 0x7E) {
    return kGraphics[code - 0x5F];
  }
  return code;
}

}  // namespace mosh::term

#endif  // TERM_CHARSET_H_
