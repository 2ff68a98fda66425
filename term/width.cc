#include "term/width.h"

#include <cstdint>

namespace mosh::term {
namespace {

#include "term/unicode/width_table.inc"

}  // namespace

const char kUnicodeVersion[] = MOSH_TERM_UNICODE_VERSION;

int CodePointWidth(char32_t code_point) {
  if (code_point > 0x10FFFF) return -1;
  const uint8_t four = kWidthBlocks[kWidthIndex[code_point >> 8]][code_point >> 2 & 63];
  return (four >> (code_point & 3) * 2 & 3) - 1;
}

}  // namespace mosh::term
