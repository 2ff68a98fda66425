#include "term/testing/screen_invariants.h"

#include "absl/strings/str_cat.h"
#include "term/sgr.h"

namespace mosh::term {

std::string BrokenInvariant(const Screen& screen) {
  const Cursor& cursor = screen.cursor();
  if (screen.rows() < 1 || screen.rows() > kMaxRows) return "rows";
  if (screen.columns() < 1 || screen.columns() > kMaxColumns) return "columns";
  if (cursor.row < 0 || cursor.row >= screen.rows()) return "cursor row";
  if (cursor.column < 0 || cursor.column >= screen.columns()) return "cursor column";
  for (int row = 0; row < screen.rows(); ++row) {
    if (screen.row(row).columns() != screen.columns()) return absl::StrCat("width of row ", row);
    for (int column = 0; column < screen.columns(); ++column) {
      const Cell& cell = screen.cell(row, column);
      const bool last = column + 1 == screen.columns();
      const std::string where = absl::StrCat(" at ", row, ",", column);
      if (cell.wide() && (last || !screen.cell(row, column + 1).wide_tail())) {
        return absl::StrCat("lead without tail", where);
      }
      if (cell.wide_tail() && (column == 0 || !screen.cell(row, column - 1).wide())) {
        return absl::StrCat("tail without lead", where);
      }
      if (cell.wide() && cell.empty()) return absl::StrCat("empty lead", where);
      if (cell.wide_tail() && !cell.empty()) return absl::StrCat("tail with glyph", where);
      if (screen.CellText(cell).size() > 36) return absl::StrCat("cluster too long", where);
      const char32_t glyph = cell.code_point();
      if (!cell.is_cluster() && glyph != 0 && (glyph < 0x20 || glyph > 0x10FFFF)) {
        return absl::StrCat("no character", where);
      }
    }
  }
  return "";
}

std::string DumpScreen(const Screen& screen) {
  std::string out;
  for (int row = 0; row < screen.rows(); ++row) {
    StyleId style = StyleId::kDefault;
    for (const Cell& cell : screen.row(row).cells()) {
      if (screen.rendition(cell) != screen.rendition(style)) {
        style = cell.style();
        absl::StrAppend(&out, "<", SgrParameters(screen.rendition(style)), ">");
      }
      if (cell.wide()) out += "[";
      screen.AppendCellText(cell, &out);
      if (cell.wide_tail()) out += "]";
    }
    out += screen.row(row).wrapped() ? "\\\n" : "|\n";
  }
  absl::StrAppend(&out, "cursor ", screen.cursor().row, ",", screen.cursor().column, " title ",
                  screen.title(), " bells ", screen.bell_count(), " pen ",
                  SgrParameters(screen.current_rendition()), "\n");
  return out;
}

}  // namespace mosh::term
