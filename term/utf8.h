// UTF-8 encoding and decoding, one code point at a time. Source: Unicode 15 §3.9, table 3-7.
#ifndef TERM_UTF8_H_
#define TERM_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::term {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// `code_point` must be a Unicode scalar value.
void AppendUtf8(char32_t code_point, std::string* out);

// Decodes bytes as they come. Ill-formed input gives one U+FFFD for each maximal subpart (Unicode
// 15 §3.9, "U+FFFD Substitution of Maximal Subparts"), and the byte that broke a sequence is looked
// at afresh, so ASCII is never lost.
class Utf8Decoder {
 public:
  // At most two code points come out of one byte: U+FFFD for a broken sequence, then what the byte
  // itself is.
  struct Output {
    int count = 0;
    bool broke = false;  // The first is for the bytes before this one.
    char32_t code_points[2];
  };
  Output Decode(uint8_t byte);
  // In the middle of a sequence.
  bool pending() const { return needed_ != 0; }

 private:
  char32_t value_ = 0;
  uint8_t needed_ = 0;  // Continuation bytes still to come.
  uint8_t low_ = 0x80;  // Range of the next continuation byte.
  uint8_t high_ = 0xBF;
};

// Decodes the sequence at the start of `text`, which must not be empty. Returns its length and the
// code point, or {length of the maximal subpart, U+FFFD} if ill-formed or cut short.
struct DecodedCodePoint {
  size_t length;
  char32_t code_point;
};
DecodedCodePoint DecodeUtf8Prefix(absl::string_view text);

}  // namespace mosh::term

#endif  // TERM_UTF8_H_
