#include "mgmt/ctl/text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "term/utf8.h"
#include "term/width.h"

namespace mosh::mgmt::ctl {
namespace {

// Embeddings, overrides and isolates (Unicode 15 §2.10 of UAX 9): they could make a line read
// otherwise than it is.
bool TurnsDirection(char32_t c) {
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string Harmless(absl::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [length, code_point] = term::DecodeUtf8Prefix(text);
    if (code_point == 0 || term::CodePointWidth(code_point) < 0 || TurnsDirection(code_point) ||
        code_point == term::kReplacementCharacter) {
      result += '?';
    } else {
      result.append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  return result;
}

int TextWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const auto [length, code_point] = term::DecodeUtf8Prefix(text);
    width += std::max(0, term::CodePointWidth(code_point));
    text.remove_prefix(length);
  }
  return width;
}

std::string CutTo(absl::string_view text, int columns) {
  size_t at = 0;
  while (at < text.size()) {
    const auto [length, code_point] = term::DecodeUtf8Prefix(text.substr(at));
    columns -= std::max(0, term::CodePointWidth(code_point));
    if (columns < 0) break;
    at += length;
  }
  return std::string(text.substr(0, at));
}

std::string FitTo(absl::string_view text, int columns) {
  std::string result = CutTo(text, columns);
  result.append(std::max(0, columns - TextWidth(result)), ' ');
  return result;
}

std::string RoughDuration(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, " min");
  if (seconds < 48 * 3600) return absl::StrCat(seconds / 3600, " h");
  return absl::StrCat(seconds / 86400, " d");
}

std::string ShortDuration(absl::Duration duration) {
  const double milliseconds = absl::ToDoubleMilliseconds(duration);
  if (milliseconds < 9.95) return absl::StrFormat("%.1f ms", std::max(0.0, milliseconds));
  if (milliseconds < 999.5) return absl::StrFormat("%.0f ms", milliseconds);
  return absl::StrFormat("%.1f s", milliseconds / 1000);
}

std::string ByteCount(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  double size = bytes / 1024.0;
  size_t unit = 0;
  while (size >= 1023.5 && unit + 1 < std::size(kUnits)) {
    size /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", size < 9.95 ? 1 : 0, size, kUnits[unit]);
}

}  // namespace mosh::mgmt::ctl
