#include "predict/editor_looks.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace mosh::predict {
namespace {

// Vim's and Neovim's.
constexpr absl::string_view kInsertMode = "-- INSERT --";
// Above the text nano has a title, below it a row for messages and two of keys.
constexpr int kNanoTitle = 1;
constexpr int kNanoRows = 3;
constexpr int kFewestKeys = 3;  // named in a row, if the screen is not very narrow

// "^G Help      ^O Write Out ^W Where Is"
bool NamesKeys(absl::string_view row) {
  int keys = 0;
  for (size_t i = 0; i + 2 < row.size(); ++i) {
    const bool begins = i == 0 || row[i - 1] == ' ';
    if (begins && row[i] == '^' && !absl::ascii_isspace(row[i + 1]) && row[i + 2] == ' ') ++keys;
  }
  return keys >= kFewestKeys && row[0] == '^';
}

bool IsColoured(const term::Screen& screen, int row) {
  const term::Rendition rendition = screen.rendition(screen.cell(row, 0));
  return rendition.has(term::Attribute::kInverse) || !rendition.background().is_default();
}

EditorLooks Vi(const term::Screen& screen, absl::string_view bottom) {
  EditorLooks looks = {
      .kind = EditorLooks::Kind::kVi, .text_bottom = screen.rows() - 2, .insert = std::nullopt};
  // It may have a status line there.
  if (looks.text_bottom > 0 && IsColoured(screen, looks.text_bottom)) --looks.text_bottom;
  if (bottom == kInsertMode) looks.insert = ModeLineOf(screen);
  return looks;
}

}  // namespace

std::optional<EditorLooks> EditorByLooks(const term::Screen& screen) {
  const int bottom = screen.rows() - 1;
  const int cursor = screen.cursor().row;
  if (cursor == bottom) return std::nullopt;
  const std::string text = screen.RowText(bottom);
  if (absl::StartsWith(text, kInsertMode)) return Vi(screen, text);
  const int text_bottom = bottom - kNanoRows;
  if (cursor < kNanoTitle || cursor > text_bottom || !NamesKeys(text) ||
      !NamesKeys(screen.RowText(bottom - 1))) {
    return std::nullopt;
  }
  return EditorLooks{.kind = EditorLooks::Kind::kNano,
                     .text_top = kNanoTitle,
                     .text_bottom = text_bottom,
                     .insert = std::nullopt};
}

}  // namespace mosh::predict
