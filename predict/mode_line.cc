#include "predict/mode_line.h"

#include "term/cell.h"

namespace mosh::predict {

std::optional<ModeLine> ModeLineOf(const term::Screen& screen) {
  ModeLine line;
  const int row = screen.rows() - 1;
  for (int column = 0; column < screen.columns(); ++column) {
    const term::Cell& cell = screen.cell(row, column);
    if (cell.is_cluster() || cell.wide() || cell.wide_tail()) return std::nullopt;
    line.emplace_back(cell.blank() ? U' ' : cell.code_point(), screen.rendition(cell));
  }
  while (!line.empty() && line.back().first == U' ') line.pop_back();
  return line;
}

bool Shows(const RowModel& row, const ModeLine& line) {
  for (int column = 0; column < row.columns(); ++column) {
    const term::Cell& cell = row[column].cell;
    if (cell.is_cluster() || cell.wide() || cell.wide_tail()) return false;
    const char32_t shown = cell.blank() ? U' ' : cell.code_point();
    const size_t at = static_cast<size_t>(column);
    if (shown != (at < line.size() ? line[at].first : U' ')) return false;
  }
  return true;
}

void PutModeLine(const ModeLine& line, term::Screen& screen, RowModel& row) {
  row.MarkMoved();
  row.Erase(0, row.columns());
  for (size_t i = 0; i < line.size() && i < static_cast<size_t>(row.columns()); ++i) {
    if (line[i].first == U' ') continue;
    row.Move(static_cast<int>(i),
             term::Cell::OfCodePoint(line[i].first, screen.InternStyle(line[i].second), false));
  }
}

}  // namespace mosh::predict
