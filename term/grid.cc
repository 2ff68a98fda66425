#include "term/grid.h"

#include <algorithm>
#include <cstring>

namespace mosh::term {

Cell Grid::BlankOf(Cell lead) const {
  return Cell::Blank(screen_->InternStyle(screen_->rendition(lead).BackgroundOnly()));
}

void Grid::SplitAt(Cell* cells, int column) {
  if (column <= 0 || column >= screen_->columns_ || !cells[column].wide_tail()) return;
  cells[column - 1] = BlankOf(cells[column - 1]);
  cells[column] = Cell::Blank(cells[column].style());
}

void Grid::Erase(int row, int from, int to) {
  if (from >= to) return;
  Cell* const cells = Writable(row);
  SplitAt(cells, from);
  SplitAt(cells, to);
  std::fill(cells + from, cells + to, blank_);
  if (to == screen_->columns_) screen_->rows_[row].SetWrapped(false);
}

void Grid::EraseUnprotected(int row, int from, int to) {
  for (int column = from; column < to; ++column) {
    if (!screen_->cell(row, column).is_protected()) Erase(row, column, column + 1);
  }
}

void Grid::Renew(RowRef& row) {
  if (row.unique() && row.columns() == screen_->columns_) {
    Cell* const cells = row.Mutable();
    if (blank_ == Cell()) {  // Nearly always, and memset is the fastest there is.
      std::memset(static_cast<void*>(cells), 0, screen_->columns_ * sizeof(Cell));
    } else {
      std::fill_n(cells, screen_->columns_, blank_);
    }
    row.SetWrapped(false);
    row.SetId(screen_->interner_->NextRowId());
    return;
  }
  if (!blank_row_.valid() || blank_row_cell_ != blank_ ||
      blank_row_.columns() != screen_->columns_) {
    blank_row_ = RowRef::Filled(screen_->columns_, blank_, 0);
    blank_row_cell_ = blank_;
  }
  row = blank_row_;
}

void Grid::EraseRows(int top, int bottom) {
  for (int row = top; row <= bottom; ++row) Renew(screen_->rows_[row]);
}

void Grid::InsertCells(int row, int column, int count, int right) {
  Cell* const cells = Writable(row);
  SplitAt(cells, column);
  SplitAt(cells, right + 1);
  count = std::min(count, right + 1 - column);
  SplitAt(cells, right + 1 - count);  // The border of what falls off.
  std::memmove(cells + column + count, cells + column, (right + 1 - column - count) * sizeof(Cell));
  std::fill_n(cells + column, count, blank_);
  if (right + 1 == screen_->columns_) screen_->rows_[row].SetWrapped(false);
}

void Grid::DeleteCells(int row, int column, int count, int right) {
  Cell* const cells = Writable(row);
  count = std::min(count, right + 1 - column);
  SplitAt(cells, column);
  SplitAt(cells, column + count);
  SplitAt(cells, right + 1);
  const int kept = right + 1 - column - count;
  std::memmove(cells + column, cells + column + count, kept * sizeof(Cell));
  std::fill_n(cells + column + kept, count, blank_);
  if (right + 1 == screen_->columns_) screen_->rows_[row].SetWrapped(false);
}

void Grid::FillAll(Cell cell) {
  for (RowRef& row : screen_->rows_) {
    row = RowRef::Filled(screen_->columns_, cell, screen_->interner_->NextRowId());
  }
}

void Grid::ScrollUp(int top, int bottom, int count) {
  RowRef* const rows = screen_->rows_.data();
  count = std::min(count, bottom - top + 1);
  for (int row = top; row < top + count; ++row) Renew(rows[row]);
  // A RowRef is one pointer and does not mind being moved as bytes: rotate with memmove.
  void* const first = static_cast<void*>(rows + top);
  const size_t moved = (bottom - top + 1 - count) * sizeof(RowRef);
  if (count == 1) {
    alignas(RowRef) char renewed[sizeof(RowRef)];
    std::memcpy(renewed, first, sizeof(RowRef));
    std::memmove(first, static_cast<void*>(rows + top + 1), moved);
    std::memcpy(static_cast<void*>(rows + bottom), renewed, sizeof(RowRef));
  } else {
    std::rotate(rows + top, rows + top + count, rows + bottom + 1);
  }
}

void Grid::ScrollDown(int top, int bottom, int count) {
  RowRef* const rows = screen_->rows_.data();
  count = std::min(count, bottom - top + 1);
  for (int row = bottom; row > bottom - count; --row) Renew(rows[row]);
  if (count == 1) {
    alignas(RowRef) char renewed[sizeof(RowRef)];
    std::memcpy(renewed, static_cast<void*>(rows + bottom), sizeof(RowRef));
    std::memmove(static_cast<void*>(rows + top + 1), static_cast<void*>(rows + top),
                 (bottom - top) * sizeof(RowRef));
    std::memcpy(static_cast<void*>(rows + top), renewed, sizeof(RowRef));
  } else {
    std::rotate(rows + top, rows + bottom + 1 - count, rows + bottom + 1);
  }
}

void Grid::CopySpan(int from_row, int to_row, int left, int right) {
  Cell* const to = Writable(to_row);
  const RowRef& from = screen_->rows_[from_row];
  std::copy(from.cells().begin() + left, from.cells().begin() + right + 1, to + left);
  if (right + 1 == screen_->columns_) screen_->rows_[to_row].SetWrapped(false);
}

void Grid::ScrollUp(int top, int bottom, int left, int right, int count) {
  if (left == 0 && right + 1 == screen_->columns_) return ScrollUp(top, bottom, count);
  for (int row = top; row <= bottom; ++row) {
    SplitAt(Writable(row), left);
    SplitAt(Writable(row), right + 1);
  }
  for (int row = top; row <= bottom; ++row) {
    if (row + count <= bottom) {
      CopySpan(row + count, row, left, right);
    } else {
      Erase(row, left, right + 1);
    }
  }
}

void Grid::ScrollDown(int top, int bottom, int left, int right, int count) {
  if (left == 0 && right + 1 == screen_->columns_) return ScrollDown(top, bottom, count);
  for (int row = top; row <= bottom; ++row) {
    SplitAt(Writable(row), left);
    SplitAt(Writable(row), right + 1);
  }
  for (int row = bottom; row >= top; --row) {
    if (row - count >= top) {
      CopySpan(row - count, row, left, right);
    } else {
      Erase(row, left, right + 1);
    }
  }
}

}  // namespace mosh::term
