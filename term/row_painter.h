// RowPainter: writes what turns one row into another, left to right, touching only what differs.
// Source: docs/spec/terminal.md §13, §14.
//
// A row that is marked as wrapped gets its mark the way a user's line does: the last cell is
// printed and the first cell of the next row right after it, with no motion between them.
#ifndef TERM_ROW_PAINTER_H_
#define TERM_ROW_PAINTER_H_

#include <vector>

#include "term/frame_writer.h"
#include "term/screen.h"

namespace mosh::term {

// A row as the reader shows it now.
struct ShownRow {
  const Cell* cells;     // As many as the new screen has columns.
  const Screen* screen;  // Whose Interner they are of.
  bool wrapped;
  bool wrap_certain;  // Whether `wrapped` is what the reader has; if not, it may lack the mark.
};

class RowPainter {
 public:
  // All must outlive this. `may_shift`: look for text that moved within its row.
  RowPainter(const Screen& to, FrameWriter* writer, bool may_shift)
      : to_(to), writer_(*writer), columns_(to.columns()), may_shift_(may_shift) {}

  struct Outcome {
    bool wraps = false;         // The next row must be painted with `wrapped_into`.
    bool erased_below = false;  // All rows below have been erased, too.
  };
  // `wrapped_into`: the cell before has just been printed and the first one must follow, changed or
  // not. `may_erase_below`: everything below is to be blank in the default rendition.
  Outcome Paint(int row, const ShownRow& shown, bool wrapped_into, bool may_erase_below);

 private:
  // What the reader shows at `column` is what it should show.
  bool Same(int column) const;
  // The first column >= `column` that differs; columns_ if none.
  int NextDifference(int column) const;
  // The last column in [column, end) that differs; column - 1 if none.
  int LastDifference(int column, int end) const;

  // Inserts or deletes characters if that leaves much less to print. Changes shown_.
  void ShiftColumns(int first);
  // Cells that would still have to be printed after the shift, or more than `limit`.
  int CostAfterShift(int first, int shift, int limit) const;

  // Brings the cursor to the column: by printing what is there already if that is shorter.
  void Approach(int column);
  bool ReprintGap(int from, int to);
  // Paints from `column` on and returns the column after what was painted.
  int PaintFrom(int column);
  int PaintBlanks(int column);
  int PaintText(int column);
  void PrintCell(int column);
  // The reader may give the cell's character another width.
  bool IsDoubtful(const Cell& cell) const;
  // Whether `column`, which is the same, is in a gap so small that running text goes on through it.
  bool InSmallGap(int column) const;
  // The end of the run of blanks, of one style, that starts at `column`.
  int EndOfBlanks(int column) const;

  const Screen& to_;
  FrameWriter& writer_;
  const int columns_;
  const bool may_shift_;

  // Of the row being painted.
  int row_ = 0;
  const Cell* cells_ = nullptr;
  ShownRow shown_{};
  bool same_interner_ = false;
  bool wants_wrap_ = false;  // The row ends with the mark, printed into the next.
  bool must_paint_last_ = false;
  bool may_erase_below_ = false;
  bool erased_below_ = false;
  std::vector<Cell> shifted_;  // Storage of shown_ after ShiftColumns.
};

}  // namespace mosh::term

#endif  // TERM_ROW_PAINTER_H_
