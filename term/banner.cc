#include "term/banner.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "term/rendition.h"
#include "term/utf8.h"
#include "term/width.h"

namespace mosh::term {
namespace {

constexpr uint8_t kWhite = 7;
constexpr uint8_t kBlue = 4;

// Writes text into row 0 until it or the row ends.
void DrawText(absl::string_view text, const Rendition& rendition, Screen& screen) {
  int column = 0;
  int last_lead = -1;  // where a combining mark would go
  while (!text.empty()) {
    const DecodedCodePoint decoded = DecodeUtf8Prefix(text);
    std::string character;
    AppendUtf8(decoded.code_point, &character);
    text.remove_prefix(decoded.length);
    const int width = CodePointWidth(decoded.code_point);
    if (width < 0) continue;
    if (width == 0) {
      if (last_lead < 0) continue;
      const std::string cluster = screen.CellText(0, last_lead) + character;
      screen.SetCellText(0, last_lead, cluster, column - last_lead == 2, rendition);
      continue;
    }
    if (column + width > screen.columns()) return;
    screen.SetCellText(0, column, character, width == 2, rendition);
    last_lead = column;
    column += width;
  }
}

}  // namespace

void DrawBanner(absl::string_view text, Screen& screen) {
  Rendition rendition;
  rendition.set_foreground(Color::Palette(kWhite));
  rendition.set_background(Color::Palette(kBlue));
  for (int column = 0; column < screen.columns(); ++column) {
    screen.SetCellText(0, column, " ", false, rendition);
  }
  rendition.set(Attribute::kBold, true);
  DrawText(text, rendition, screen);
  if (screen.cursor().row == 0) screen.SetCursorVisible(false);
}

}  // namespace mosh::term
