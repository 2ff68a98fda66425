// Derives the width of every code point from the Unicode Character Database. Used by the generator
// of width_table.inc and by the test that keeps the table honest.
//
// The rules are those of the C library that stock peers use (glibc 2.36; see README.md), plus ours
// for code points that Unicode has not assigned.
#ifndef TERM_UNICODE_WIDTH_RULES_H_
#define TERM_UNICODE_WIDTH_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace mosh::term::unicode {

inline constexpr char kDefaultDirectory[] = "/usr/share/unicode";
inline constexpr int kCodePoints = 0x110000;

struct WidthData {
  std::string version;         // "15.0.0"
  std::vector<int8_t> width;   // -1, 0, 1 or 2, by code point.
  std::vector<bool> assigned;  // In that version, by code point.
};

// Reads UnicodeData.txt, EastAsianWidth.txt, PropList.txt and emoji/emoji-data.txt. False if one is
// missing or malformed.
bool ReadWidthData(const std::string& directory, WidthData* data);

// The text of width_table.inc.
std::string FormatWidthTable(const WidthData& data);

}  // namespace mosh::term::unicode

#endif  // TERM_UNICODE_WIDTH_RULES_H_
