#include "term/unicode/width_rules.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>

namespace mosh::term::unicode {
namespace {

// "0041" or "0041..005A".
bool ParseRange(const std::string& text, uint32_t* first, uint32_t* last) {
  char* end = nullptr;
  *first = *last = static_cast<uint32_t>(std::strtoul(text.c_str(), &end, 16));
  if (end == text.c_str()) return false;
  if (end[0] == '.' && end[1] == '.') *last = std::strtoul(end + 2, nullptr, 16);
  return *first <= *last && *last < kCodePoints;
}

// Lines "range ; value # comment" of the UCD; calls `use` with each.
bool ReadProperty(const std::string& path,
                  const std::function<void(uint32_t, const std::string&)>& use) {
  std::ifstream file(path);
  if (!file) return false;
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.size(), line.find('#')));
    const size_t semicolon = line.find(';');
    if (semicolon == std::string::npos) continue;
    uint32_t first, last;
    if (!ParseRange(line, &first, &last)) return false;
    std::string value = line.substr(semicolon + 1);
    value.erase(0, value.find_first_not_of(' '));
    value.erase(value.find_last_not_of(' ') + 1);
    for (uint32_t code_point = first; code_point <= last; ++code_point) use(code_point, value);
  }
  return true;
}

struct Character {
  std::string category;  // "" if unassigned.
  std::string bidi;
  bool prepended_mark = false;  // Encloses the digits that follow it, and has a width of its own.
};

bool ReadUnicodeData(const std::string& path, std::vector<Character>* characters) {
  std::ifstream file(path);
  if (!file) return false;
  uint32_t range_start = 0;
  for (std::string line; std::getline(file, line);) {
    std::array<std::string, 5> fields;
    size_t from = 0;
    for (std::string& field : fields) {
      const size_t to = line.find(';', from);
      if (to == std::string::npos) return false;
      field = line.substr(from, to - from);
      from = to + 1;
    }
    const uint32_t code_point = std::strtoul(fields[0].c_str(), nullptr, 16);
    if (code_point >= kCodePoints) return false;
    if (fields[1].ends_with(", First>")) range_start = code_point;
    const uint32_t start = fields[1].ends_with(", Last>") ? range_start : code_point;
    for (uint32_t c = start; c <= code_point; ++c) (*characters)[c] = {fields[2], fields[4], false};
  }
  return true;
}

// What wcwidth() says of an assigned character.
int AssignedWidth(uint32_t c, const Character& character, const std::string& east_asian) {
  const std::string& category = character.category;
  if (c == 0x00AD) return 1;  // SOFT HYPHEN: a visible hyphen in terminals.
  if (category == "Cc" || category == "Cs" || category == "Zl" || category == "Zp") return -1;
  if (character.prepended_mark) return 1;
  // Conjoining vowels and finals join the lead before them.
  if ((c >= 0x1160 && c <= 0x11FF) || (c >= 0xD7B0 && c <= 0xD7FF)) return 0;
  if (category == "Mn" || category == "Me" || category == "Cf" || character.bidi == "NSM") return 0;
  if (c >= 0x3248 && c <= 0x324F) return 2;  // Circled numbers on black squares.
  if (c >= 0x4DC0 && c <= 0x4DFF) return 2;  // Hexagrams.
  return east_asian == "W" || east_asian == "F" ? 2 : 1;
}

bool IsNoncharacter(uint32_t c) { return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF); }

}  // namespace

bool ReadWidthData(const std::string& directory, WidthData* data) {
  std::vector<Character> characters(kCodePoints);
  std::vector<std::string> east_asian(kCodePoints);
  std::vector<bool> pictographic(kCodePoints);
  if (!ReadUnicodeData(directory + "/UnicodeData.txt", &characters)) return false;
  const bool read =
      ReadProperty(directory + "/EastAsianWidth.txt",
                   [&](uint32_t c, const std::string& value) { east_asian[c] = value; }) &&
      ReadProperty(directory + "/PropList.txt",
                   [&](uint32_t c, const std::string& value) {
                     if (value == "Prepended_Concatenation_Mark")
                       characters[c].prepended_mark = true;
                   }) &&
      ReadProperty(directory + "/emoji/emoji-data.txt", [&](uint32_t c, const std::string& value) {
        if (value == "Extended_Pictographic") pictographic[c] = true;
      });
  if (!read) return false;

  std::ifstream file(directory + "/EastAsianWidth.txt");
  std::string title;
  std::getline(file, title);  // "# EastAsianWidth-15.0.0.txt"
  const size_t dash = title.find('-');
  const size_t suffix = title.rfind(".txt");
  if (dash == std::string::npos || suffix == std::string::npos) return false;
  data->version = title.substr(dash + 1, suffix - dash - 1);

  data->width.assign(kCodePoints, 1);
  data->assigned.assign(kCodePoints, false);
  for (uint32_t c = 0; c < kCodePoints; ++c) {
    data->assigned[c] = !characters[c].category.empty();
    if (data->assigned[c]) {
      data->width[c] = AssignedWidth(c, characters[c], east_asian[c]);
    } else if (IsNoncharacter(c)) {
      data->width[c] = -1;
    } else {
      // Unassigned: as the blocks are reserved. EastAsianWidth.txt lists unassigned ideographs as
      // wide; emoji-data.txt keeps ranges for pictographs to come.
      const bool wide = east_asian[c] == "W" || (c >= 0x1F000 && pictographic[c]);
      data->width[c] = wide ? 2 : 1;
    }
  }
  return true;
}

std::string FormatWidthTable(const WidthData& data) {
  // Two stages: block of 256 code points -> distinct block of 64 bytes with 2 bits (width + 1) a
  // code point.
  using Block = std::array<uint8_t, 64>;
  std::map<Block, int> numbers;
  std::vector<Block> blocks;
  std::vector<int> index;
  for (int base = 0; base < kCodePoints; base += 256) {
    Block block{};
    for (int i = 0; i < 256; ++i) block[i / 4] |= (data.width[base + i] + 1) << (i % 4 * 2);
    const auto [entry, inserted] = numbers.try_emplace(block, static_cast<int>(blocks.size()));
    if (inserted) blocks.push_back(block);
    index.push_back(entry->second);
  }

  std::string out = "// Generated by //term/unicode:generate_width_table from Unicode " +
                    data.version + ". Do not edit.\n";
  const auto append = [&out](const char* format, auto... values) {
    char buffer[96];
    std::snprintf(buffer, sizeof(buffer), format, values...);
    out += buffer;
  };
  append("#define MOSH_TERM_UNICODE_VERSION \"%s\"\n", data.version.c_str());
  append("constexpr uint8_t kWidthIndex[%d] = {", static_cast<int>(index.size()));
  for (size_t i = 0; i < index.size(); ++i) append(i % 32 == 0 ? "\n%d," : "%d,", index[i]);
  append("\n};\nconstexpr uint8_t kWidthBlocks[%d][64] = {\n", static_cast<int>(blocks.size()));
  for (const Block& block : blocks) {
    out += "{";
    for (size_t i = 0; i < block.size(); ++i) {
      append(i % 32 == 31 ? "0x%X,\n" : "0x%X,", static_cast<unsigned>(block[i]));
    }
    out += "},\n";
  }
  out += "};\n";
  return out;
}

}  // namespace mosh::term::unicode
