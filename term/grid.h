// Grid: the editing operations of a terminal on the rows of a Screen: erase, insert, delete,
// scroll.
//
// Keeps the invariants of cell.h (no half of a wide character without the other) and of the wrapped
// mark (whatever changes the last column clears it). Scrolling whole rows moves references, never
// cells; rows that leave are recycled as the rows that enter if nobody else holds them. Erased
// cells become blank(): the current background. Ranges are [from, to) for columns, [top, bottom]
// for rows; all must lie on the screen, counts are at least 1.
#ifndef TERM_GRID_H_
#define TERM_GRID_H_

#include "term/cell.h"
#include "term/row.h"
#include "term/screen.h"

namespace mosh::term {

class Grid {
 public:
  // `screen` outlives the Grid.
  explicit Grid(Screen* screen) : screen_(screen) {}

  Cell blank() const { return blank_; }
  void set_blank(Cell blank) { blank_ = blank; }

  // Private cells of a row that is about to be written.
  Cell* Writable(int row) {
    RowRef& target = screen_->rows_[row];
    Cell* const cells = target.Mutable();
    if (target.id() == 0) target.SetId(screen_->interner_->NextRowId());
    return cells;
  }

  // What is left of a wide character of which the tail is overwritten.
  Cell BlankOf(Cell lead) const;
  // If a wide character straddles the border left of `column`, blanks both halves. `column` may be
  // 0 or the width.
  void SplitAt(Cell* cells, int column);

  void Erase(int row, int from, int to);
  // DECSEL, DECSED: leaves protected cells alone.
  void EraseUnprotected(int row, int from, int to);
  // Whole rows, which become new ones.
  void EraseRows(int top, int bottom);
  // Shifts the cells [column, right] right, or left, inside that range.
  void InsertCells(int row, int column, int count, int right);
  void DeleteCells(int row, int column, int count, int right);
  // Fills every cell (DECALN).
  void FillAll(Cell cell);

  // Rows [top, bottom] move up or down by `count`; blank rows enter.
  void ScrollUp(int top, int bottom, int count);
  void ScrollDown(int top, int bottom, int count);
  // The same for the columns [left, right] alone.
  void ScrollUp(int top, int bottom, int left, int right, int count);
  void ScrollDown(int top, int bottom, int left, int right, int count);

 private:
  // Makes a blank row of `row`, in its own storage if it is the only holder.
  void Renew(RowRef& row);
  void CopySpan(int from_row, int to_row, int left, int right);
  Screen* screen_;
  Cell blank_;
  RowRef blank_row_;  // Of blank_row_cell_, shared by all rows that enter blank. May be invalid.
  Cell blank_row_cell_;
};

}  // namespace mosh::term

#endif  // TERM_GRID_H_
