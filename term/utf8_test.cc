#include "term/utf8.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace mosh::term {
namespace {

std::u32string Decode(absl::string_view bytes) {
  std::u32string out;
  Utf8Decoder decoder;
  for (const char byte : bytes) {
    const Utf8Decoder::Output output = decoder.Decode(static_cast<uint8_t>(byte));
    out.append(output.code_points, output.count);
  }
  return out;
}

TEST(Utf8Decoder, DecodesWhatAppendUtf8Encodes) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string bytes;
    AppendUtf8(c, &bytes);
    ASSERT_EQ(Decode(bytes), std::u32string(1, c)) << std::hex << static_cast<uint32_t>(c);
    const DecodedCodePoint prefix = DecodeUtf8Prefix(bytes + "x");
    ASSERT_EQ(prefix.code_point, c);
    ASSERT_EQ(prefix.length, bytes.size());
  }
}

// Unicode 15, table 3-8 and 3-11.
TEST(Utf8Decoder, ReplacesMaximalSubparts) {
  EXPECT_EQ(Decode("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(Decode("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(Decode("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), U"\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(Decode("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB");
}

TEST(Utf8Decoder, NeverLosesAscii) { EXPECT_EQ(Decode("\xE2\x82\x1b[A"), U"\uFFFD\u001b[A"); }

TEST(DecodeUtf8Prefix, StopsAtTheBreak) {
  EXPECT_EQ(DecodeUtf8Prefix("\xE2\x82"
                             "A")
                .length,
            2u);
  EXPECT_EQ(DecodeUtf8Prefix("\xE2\x82").length, 2u);
  EXPECT_EQ(DecodeUtf8Prefix("\x80x").length, 1u);
  EXPECT_EQ(DecodeUtf8Prefix("\xEF\xBF\xBDx").length, 3u);
}

}  // namespace
}  // namespace mosh::term
