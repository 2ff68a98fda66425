// Columns taken by a code point, as a stock peer's C library would say (docs/spec/terminal.md §6).
//
// The table is generated from Unicode 15.0 (term/unicode/) and agrees with glibc 2.36's wcwidth()
// on every code point assigned in its Unicode 14. Code points that no Unicode version has assigned
// yet count 1 (2 where Unicode reserves the block for wide ideographs or emoji), so that characters
// newer than the table show up at all.
#ifndef TERM_WIDTH_H_
#define TERM_WIDTH_H_

#include <cstdint>

namespace mosh::term {

// "15.0.0"
extern const char kUnicodeVersion[];

namespace internal {
// Two bits a code point: its width + 1. Blocks of 256 code points, equal ones shared.
extern const uint8_t kWidthIndex[];
extern const uint8_t kWidthBlocks[][64];
}  // namespace internal

// 2, 1, 0 (combining, joiners, conjoining vowels) or -1: not printable (controls, line separators,
// surrogates, noncharacters). Pure.
inline int CodePointWidth(char32_t code_point) {
  if (code_point > 0x10FFFF) return -1;
  const uint8_t four =
      internal::kWidthBlocks[internal::kWidthIndex[code_point >> 8]][code_point >> 2 & 63];
  return (four >> (code_point & 3) * 2 & 3) - 1;
}

}  // namespace mosh::term

#endif  // TERM_WIDTH_H_
