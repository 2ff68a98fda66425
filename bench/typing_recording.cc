#include "bench/typing_recording.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace mosh::bench {
namespace {

constexpr int kShownColumns = 80;

// Padded. The cursor is a block; on a character it can't be seen.
std::string RowText(const Picture& picture, int row) {
  std::string text;
  for (int column = 0; column < kShownColumns; ++column) {
    const int cell = row * picture.columns + column;
    const char32_t c = picture.cells[cell];
    if (cell == picture.cursor && c == U' ') {
      text += "█";
    } else {
      text += c < 0x7f ? static_cast<char>(c) : '?';
    }
  }
  return text;
}

}  // namespace

TypingRecording::TypingRecording(std::ostream* out, absl::string_view title) : out_(out) {
  *out_ << "\n===== " << title << " =====\n";
}

void TypingRecording::Add(double millis, absl::string_view typed, const Picture& ours,
                          const Picture& stock) {
  const bool first = ours_.cells.empty();
  const int rows = static_cast<int>(ours.cells.size()) / ours.columns;
  std::string changes;
  for (int row = 0; row < rows; ++row) {
    const std::string left = RowText(ours, row), right = RowText(stock, row);
    const bool blank = (left + right).find_first_not_of(' ') == std::string::npos;
    const bool same = first ? blank : left == RowText(ours_, row) && right == RowText(stock_, row);
    if (!same) absl::StrAppendFormat(&changes, "%2d|%s|%s|\n", row, left, right);
  }
  if (changes.empty() && typed.empty()) return;
  *out_ << absl::StrFormat("%.2f s", millis / 1000);
  if (!typed.empty()) *out_ << "  typed: " << typed;
  *out_ << '\n' << changes;
  ours_ = ours;
  stock_ = stock;
}

}  // namespace mosh::bench
