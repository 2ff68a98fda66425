#include "predict/row_model.h"

#include <algorithm>

#include "predict/policy.h"

namespace mosh::predict {

RowModel::RowModel(const term::Screen& screen, int row) {
  const term::RowRef& cells = screen.row(row);
  cells_.reserve(static_cast<size_t>(cells.columns()));
  for (const term::Cell& cell : cells.cells()) cells_.push_back({cell, Origin::kServer});
}

int RowModel::LeadOf(int column) const {
  return column > 0 && cells_[column].cell.wide_tail() ? column - 1 : column;
}

int RowModel::TextEnd(int from) const {
  int end = from;
  for (int column = from; column < columns(); ++column) {
    if (!cells_[column].cell.blank()) end = column + 1;
    if (column + 1 - end >= policy::kGap) break;
  }
  return end;
}

term::Cell RowModel::BlankAt(int column) const {
  if (column >= columns()) return term::Cell();
  const term::Cell& cell = cells_[column].cell;
  return cell.blank() ? cell : term::Cell();
}

void RowModel::OpenGap(int column, int count) {
  const int end = TextEnd(column);
  if (end == column) return;
  for (int to = std::min(end + count, columns()) - 1; to >= column + count; --to) {
    cells_[to] = {cells_[to - count].cell, Origin::kMoved};
  }
  // A line that goes on in the next row cannot be told from one that ends here.
  if (end + count >= columns()) cells_.back().origin = Origin::kUnknown;
  RepairHalves();
}

void RowModel::Close(int column, int count) {
  const int end = std::max(TextEnd(column), std::min(column + count, columns()));
  const term::Cell blank = BlankAt(end);
  for (int to = column; to < end; ++to) {
    const int from = to + count;
    cells_[to] = {from < end ? cells_[from].cell : blank, Origin::kMoved};
    if (from >= columns()) cells_[to].origin = Origin::kUnknown;
  }
  RepairHalves();
}

void RowModel::Put(int column, term::Cell cell, term::StyleId tail_style) {
  cells_[column] = {cell, Origin::kTyped};
  if (cell.wide()) cells_[column + 1] = {term::Cell::Tail(tail_style), Origin::kTyped};
  RepairHalves();
}

void RowModel::Erase(int from, int to) {
  const term::Cell blank = BlankAt(to);
  for (int column = from; column < std::min(to, columns()); ++column) {
    cells_[column] = {blank, Origin::kMoved};
  }
  RepairHalves();
}

void RowModel::Shift(int count) {
  for (int to = 0; to < columns(); ++to) {
    const int from = to + count;
    cells_[to] = {from < columns() ? cells_[from].cell : term::Cell(), Origin::kMoved};
  }
  RepairHalves();
}

void RowModel::MarkMoved() {
  for (ModelCell& cell : cells_) {
    if (cell.origin != Origin::kUnknown) cell.origin = Origin::kMoved;
  }
}

void RowModel::Doubt(int from, int to) {
  for (int column = from; column < to; ++column) cells_[column].origin = Origin::kUnknown;
}

void RowModel::Forget() { cells_.assign(cells_.size(), {term::Cell(), Origin::kUnknown}); }

void RowModel::RepairHalves() {
  for (int column = 0; column < columns(); ++column) {
    ModelCell& one = cells_[column];
    const bool lonely_lead =
        one.cell.wide() && (column + 1 == columns() || !cells_[column + 1].cell.wide_tail());
    const bool lonely_tail =
        one.cell.wide_tail() && (column == 0 || !cells_[column - 1].cell.wide());
    if (!lonely_lead && !lonely_tail) continue;
    one = {term::Cell(), one.origin == Origin::kServer ? Origin::kMoved : one.origin};
  }
}

bool SameGlyph(const term::Screen& a, const term::Cell& cell_a, const term::Screen& b,
               const term::Cell& cell_b) {
  if (cell_a.wide_tail() || cell_b.wide_tail()) return cell_a.wide_tail() == cell_b.wide_tail();
  if (cell_a.is_cluster() || cell_b.is_cluster()) {
    return cell_a.is_cluster() && cell_b.is_cluster() && a.CellText(cell_a) == b.CellText(cell_b);
  }
  return cell_a.code_point() == cell_b.code_point() || (cell_a.blank() && cell_b.blank());
}

}  // namespace mosh::predict
