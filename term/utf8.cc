#include "term/utf8.h"

namespace mosh::term {

void AppendUtf8(char32_t code_point, std::string* out) {
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code_point >> 6));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else if (code_point < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | code_point >> 12));
    out->push_back(static_cast<char>(0x80 | (code_point >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | code_point >> 18));
    out->push_back(static_cast<char>(0x80 | (code_point >> 12 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  }
}

Utf8Decoder::Output Utf8Decoder::Decode(uint8_t byte) {
  Output output;
  if (needed_ != 0) {
    if (byte >= low_ && byte <= high_) {
      value_ = value_ << 6 | (byte & 0x3F);
      low_ = 0x80;
      high_ = 0xBF;
      if (--needed_ == 0) output.code_points[output.count++] = value_;
      return output;
    }
    output.code_points[output.count++] = kReplacementCharacter;
    output.broke = true;
    needed_ = 0;
  }
  low_ = 0x80;
  high_ = 0xBF;
  if (byte < 0x80) {
    output.code_points[output.count++] = byte;
  } else if (byte >= 0xC2 && byte <= 0xDF) {
    value_ = byte & 0x1F;
    needed_ = 1;
  } else if (byte >= 0xE0 && byte <= 0xEF) {
    value_ = byte & 0x0F;
    needed_ = 2;
    if (byte == 0xE0) low_ = 0xA0;   // Overlong.
    if (byte == 0xED) high_ = 0x9F;  // Surrogates.
  } else if (byte >= 0xF0 && byte <= 0xF4) {
    value_ = byte & 0x07;
    needed_ = 3;
    if (byte == 0xF0) low_ = 0x90;   // Overlong.
    if (byte == 0xF4) high_ = 0x8F;  // Above U+10FFFF.
  } else {
    output.code_points[output.count++] = kReplacementCharacter;
  }
  return output;
}

DecodedCodePoint DecodeUtf8Prefix(absl::string_view text) {
  Utf8Decoder decoder;
  for (size_t i = 0; i < text.size(); ++i) {
    const Utf8Decoder::Output output = decoder.Decode(static_cast<uint8_t>(text[i]));
    if (output.count != 0) return {output.broke ? i : i + 1, output.code_points[0]};
  }
  return {text.size(), kReplacementCharacter};
}

}  // namespace mosh::term
