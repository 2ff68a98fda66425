#include "bench/payload.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"

namespace mosh::bench {
namespace {

constexpr int kColumns = 80;
constexpr int kRows = 24;

using Random = std::mt19937;

int Below(Random& random, int bound) {
  return static_cast<int>(random() % static_cast<unsigned>(bound));
}

std::string AsciiWord(Random& random) {
  std::string word;
  for (int n = 2 + Below(random, 9); n > 0; --n) word += static_cast<char>('a' + Below(random, 26));
  return word;
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
  }
  out += static_cast<char>(0x80 | (c & 0x3F));
}

void PlainLine(Random& random, std::string& out) {
  const size_t start = out.size();
  while (out.size() - start < 64) absl::StrAppend(&out, AsciiWord(random), " ");
  out += "\r\n";
}

void Utf8Line(Random& random, std::string& out) {
  for (int column = 0; column < 70;) {
    const bool wide = Below(random, 2) == 0;
    for (int n = 2 + Below(random, 6); n > 0; --n) {
      AppendUtf8(out, wide ? 0x4E00 + static_cast<char32_t>(Below(random, 20000))
                           : 0x430 + static_cast<char32_t>(Below(random, 32)));
      column += wide ? 2 : 1;
    }
    out += ' ';
    ++column;
  }
  out += "\r\n";
}

void ColourLine(Random& random, std::string& out) {
  for (int column = 0; column < 64;) {
    const std::string word = AsciiWord(random);
    switch (Below(random, 4)) {
      case 0:
        absl::StrAppend(&out, "\x1b[", 31 + Below(random, 7), "m");
        break;
      case 1:
        absl::StrAppend(&out, "\x1b[1;", 31 + Below(random, 7), ";", 40 + Below(random, 8), "m");
        break;
      case 2:
        absl::StrAppend(&out, "\x1b[38;5;", Below(random, 256), "m");
        break;
      default:
        absl::StrAppend(&out, "\x1b[38;2;", Below(random, 256), ";", Below(random, 256), ";",
                        Below(random, 256), "m");
    }
    absl::StrAppend(&out, word, "\x1b[0m ");
    column += static_cast<int>(word.size()) + 1;
  }
  out += "\r\n";
}

void CursorText(Random& random, std::string& out) {
  absl::StrAppend(&out, "\x1b[", 1 + Below(random, kRows), ";", 1 + Below(random, kColumns - 12),
                  "H", AsciiWord(random));
}

void RegionScroll(Random& random, std::string& out) {
  const int top = 1 + Below(random, kRows - 4);
  const int bottom = top + 2 + Below(random, kRows - top - 2);
  absl::StrAppend(&out, "\x1b[", top, ";", bottom, "r\x1b[", bottom, ";1H");
  for (int n = 1 + Below(random, 6); n > 0; --n)
    absl::StrAppend(&out, "\n", AsciiWord(random), " ", AsciiWord(random), "\r");
  absl::StrAppend(&out, "\x1b[", top, ";1H\x1bM", AsciiWord(random), "\x1b[r");
}

}  // namespace

const std::vector<absl::string_view>& PayloadKinds() {
  static const auto* kinds =
      new std::vector<absl::string_view>{"plain", "utf8", "colour", "cursor", "region"};
  return *kinds;
}

std::string MakePayload(absl::string_view kind, size_t size) {
  void (*append)(Random&, std::string&) = kind == "plain"    ? PlainLine
                                          : kind == "utf8"   ? Utf8Line
                                          : kind == "colour" ? ColourLine
                                          : kind == "cursor" ? CursorText
                                          : kind == "region" ? RegionScroll
                                                             : nullptr;
  std::string out;
  if (append == nullptr) return out;
  Random random(20);
  out.reserve(size + 512);
  while (out.size() < size) append(random, out);
  return out;
}

}  // namespace mosh::bench
