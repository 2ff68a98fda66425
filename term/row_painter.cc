#include "term/row_painter.h"

#include <algorithm>

#include "absl/strings/string_view.h"
#include "term/width_doubt.h"

namespace mosh::term {
namespace {

// Blanks that are always printed as spaces when the pen is right: no erasing is shorter.
constexpr int kFewBlanks = 3;
// The widest unchanged gap worth comparing with a cursor motion.
constexpr int kMaxGap = 8;
// Gaps shorter than this are never worth a motion, which takes three bytes (but for lucky tabs).
constexpr int kSmallGap = 3;
// Columns that a shift is tried for; a key inserts one, or two if wide.
constexpr int kMaxShift = 4;
// Bytes of a shift and the motion to it.
constexpr int kShiftCost = 8;

bool IsPlainAscii(const Cell& cell) {
  const uint32_t glyph = static_cast<uint32_t>(cell.bits());
  return glyph - 0x20 < 0x5F;
}

}  // namespace

bool RowPainter::Same(int column) const {
  const Cell shown = shown_.cells[column];
  const Cell wanted = cells_[column];
  if (same_interner_ && shown == wanted) return true;
  // The hidden half has nothing of its own to show.
  if (shown.wide_tail() && wanted.wide_tail()) return true;
  return Screen::SameCell(*shown_.screen, shown, to_, wanted);
}

int RowPainter::NextDifference(int column) const {
  while (true) {
    if (same_interner_) {
      while (column < columns_ && shown_.cells[column] == cells_[column]) ++column;
    }
    if (column >= columns_ || !Same(column)) return column;
    ++column;
  }
}

int RowPainter::LastDifference(int column, int end) const {
  while (end > column && Same(end - 1)) --end;
  return end - 1;
}

RowPainter::Outcome RowPainter::Paint(int row, const ShownRow& shown, bool wrapped_into,
                                      bool may_erase_below) {
  row_ = row;
  cells_ = to_.row(row).cells().data();
  shown_ = shown;
  same_interner_ = &shown.screen->interner() == &to_.interner();
  may_erase_below_ = may_erase_below;
  erased_below_ = false;
  const bool wrapped = to_.row(row).wrapped();
  wants_wrap_ = wrapped && row + 1 < to_.rows();
  must_paint_last_ =
      wants_wrap_ ? !shown.wrapped || !shown.wrap_certain : shown.wrapped && !wrapped;

  int column = 0;
  int painted_to = 0;
  if (wrapped_into) {
    writer_.SetPen(to_.rendition(cells_[0]));
    PrintCell(0);
    column = painted_to = cells_[0].wide() ? 2 : 1;
  }
  column = NextDifference(column);
  if (may_shift_ && column < columns_ && !wrapped_into) {
    ShiftColumns(column);
    column = NextDifference(column);
  }
  while (true) {
    if (column >= columns_) {
      if (!must_paint_last_ || painted_to >= columns_) break;
      column = columns_ - 1;
    }
    if (column > 0 && cells_[column].wide_tail()) --column;
    painted_to = PaintFrom(column);
    column = NextDifference(painted_to);
  }
  return {.wraps = wants_wrap_ && painted_to >= columns_, .erased_below = erased_below_};
}

int RowPainter::PaintFrom(int column) {
  const Cell cell = cells_[column];
  if (!cell.blank()) return PaintText(column);
  return PaintBlanks(column);
}

int RowPainter::EndOfBlanks(int column) const {
  const StyleId style = cells_[column].style();
  while (column < columns_ && cells_[column].blank() && cells_[column].style() == style) ++column;
  return column;
}

int RowPainter::PaintBlanks(int column) {
  const Rendition& style = to_.rendition(cells_[column]);
  const int end = EndOfBlanks(column);
  const bool to_end_of_row = end == columns_;
  const int last = to_end_of_row && must_paint_last_ ? columns_ - 1 : LastDifference(column, end);
  const int count = std::max(last - column + 1, 1);
  if (count <= kFewBlanks && column + count < columns_ && writer_.pen() == style &&
      !(may_erase_below_ && to_end_of_row)) {
    Approach(column);
    writer_.PrintSpaces(count);
    return column + count;
  }
  const bool wrapped = to_.row(row_).wrapped();
  if (to_end_of_row && !wrapped && writer_.CanErase(style)) {
    const bool below = may_erase_below_ && style == Rendition();
    const size_t spaces = count + writer_.PenLength(style) + (last == columns_ - 1 ? 2 : 0);
    if (below || 3 + writer_.ErasePenLength(style) <= spaces) {
      Approach(column);
      writer_.SetErasePen(style);
      writer_.Append(below ? "\x1b[J" : "\x1b[K");
      erased_below_ = below;
      return columns_;
    }
  }
  const int after = column + count;
  if (count > kFewBlanks && writer_.ech() && writer_.CanErase(style) &&
      !(wrapped && after == columns_)) {
    const int next = NextDifference(after);
    const PenPosition start{row_, column};
    const PenPosition target{row_, std::min(next, columns_ - 1)};
    const size_t erased = 3 + (count >= 10) + (count >= 100) + 1 + writer_.ErasePenLength(style) +
                          (next < columns_ ? writer_.MotionLength(start, target) : 0);
    const size_t printed = count + writer_.PenLength(style) +
                           (next < columns_ ? writer_.MotionLength({row_, after}, target) : 0);
    if (erased < printed) {
      Approach(column);
      writer_.SetErasePen(style);
      writer_.Csi(count, 'X');
      return after;
    }
  }
  Approach(column);
  writer_.SetPen(style);
  writer_.PrintSpaces(count);
  return after;
}

int RowPainter::PaintText(int column) {
  Approach(column);
  const StyleId style = cells_[column].style();
  writer_.SetPen(to_.rendition(style));
  const int start = column;
  if (!IsPlainAscii(cells_[column])) {
    PrintCell(column);
    column += cells_[column].wide() ? 2 : 1;
    if (writer_.position().column == PenPosition::kUnknown) return column;
  }
  // On through what differs in the same style. Single blanks are part of it.
  char run[256];
  size_t length = 0;
  while (column < columns_ && length < sizeof(run)) {
    const Cell cell = cells_[column];
    if (cell.style() != style || !IsPlainAscii(cell)) break;
    if (column > start) {
      if (same_interner_ && shown_.cells[column] == cell && !InSmallGap(column)) break;
      if (cell.blank() && (column + 1 == columns_ || cells_[column + 1].blank())) break;
    }
    run[length++] = static_cast<char>(cell.code_point());
    ++column;
  }
  writer_.Print(run, length, static_cast<int>(length));
  return column;
}

bool RowPainter::InSmallGap(int column) const {
  const StyleId style = cells_[column].style();
  const int limit = std::min(column + kSmallGap, columns_);
  while (column < limit && shown_.cells[column] == cells_[column]) {
    if (cells_[column].style() != style || !IsPlainAscii(cells_[column])) return false;
    ++column;
  }
  return column < limit && cells_[column].style() == style && IsPlainAscii(cells_[column]);
}

bool RowPainter::IsDoubtful(const Cell& cell) const {
  if (!writer_.other_widths()) return false;
  if (cell.is_cluster()) return ClusterWidthIsDoubtful(to_.interner().cluster(cell.cluster()));
  return WidthIsDoubtful(cell.code_point());
}

void RowPainter::PrintCell(int column) {
  const Cell cell = cells_[column];
  const int width = cell.wide() ? 2 : 1;
  writer_.AssumePosition({row_, column});
  // An intended wrap must follow at once, come what may.
  const bool wraps_next = wants_wrap_ && column + width >= columns_;
  const bool doubtful = !wraps_next && IsDoubtful(cell);
  if (doubtful && !std::all_of(shown_.cells + column, shown_.cells + column + width,
                               [](const Cell& shown) { return shown.blank(); })) {
    // A reader that takes it for narrower, or drops it, must not leave what was there.
    writer_.PrintSpaces(width);
    writer_.MoveTo(row_, column);
  }
  to_.AppendCellText(cell, writer_.out());
  if (doubtful) {
    writer_.AdvanceDoubtfully(width);
  } else {
    writer_.Advance(width);
  }
}

void RowPainter::Approach(int column) {
  const PenPosition at = writer_.position();
  if (at.row == row_ && at.column >= 0 && at.column < column && column - at.column <= kMaxGap &&
      ReprintGap(at.column, column)) {
    return;
  }
  writer_.MoveTo(row_, column);
}

bool RowPainter::ReprintGap(int from, int to) {
  const int length = to - from;
  if (static_cast<size_t>(length) > writer_.MotionLength({row_, from}, {row_, to})) return false;
  char text[kMaxGap];
  for (int i = 0; i < length; ++i) {
    const Cell cell = cells_[from + i];
    if (!(cell.empty() || IsPlainAscii(cell)) || cell.wide() || cell.wide_tail()) return false;
    if (to_.rendition(cell) != writer_.pen()) return false;
    text[i] = cell.empty() ? ' ' : static_cast<char>(cell.code_point());
  }
  writer_.Print(text, length, length);
  return true;
}

void RowPainter::ShiftColumns(int first) {
  if (!same_interner_ || shown_.wrapped || to_.row(row_).wrapped()) return;
  const int last = LastDifference(first, columns_);
  if (last - first < kShiftCost) return;
  int differing = 0;
  for (int column = first; column <= last; ++column) {
    if (shown_.cells[column].wide() || cells_[column].wide()) return;
    differing += shown_.cells[column] != cells_[column];
  }
  // The row's end moves too, and a half of a wide character must not.
  for (int column = last + 1; column < columns_; ++column) {
    if (shown_.cells[column].wide()) return;
  }
  int best_shift = 0;
  int best_cost = differing - kShiftCost;
  for (int distance = 1; distance <= kMaxShift && distance < columns_ - first; ++distance) {
    for (const int shift : {distance, -distance}) {
      const int cost = CostAfterShift(first, shift, best_cost);
      if (cost < best_cost) {
        best_cost = cost;
        best_shift = shift;
      }
    }
  }
  if (best_shift == 0) return;
  Approach(first);
  writer_.SetErasePen(Rendition());
  writer_.Csi(std::abs(best_shift), best_shift > 0 ? '@' : 'P');
  shifted_.assign(shown_.cells, shown_.cells + columns_);
  if (best_shift > 0) {
    std::copy_backward(shifted_.begin() + first, shifted_.end() - best_shift, shifted_.end());
    std::fill_n(shifted_.begin() + first, best_shift, Cell());
  } else {
    std::copy(shifted_.begin() + first - best_shift, shifted_.end(), shifted_.begin() + first);
    std::fill_n(shifted_.end() + best_shift, -best_shift, Cell());
  }
  shown_.cells = shifted_.data();
}

int RowPainter::CostAfterShift(int first, int shift, int limit) const {
  int cost = 0;
  int mismatches = 0;
  for (int column = first; column < columns_ && cost <= limit; ++column) {
    const int source = column - shift;
    const bool incoming = source < first || source >= columns_;
    const Cell cell = incoming ? Cell() : shown_.cells[source];
    if (cell == cells_[column] ||
        (cell.empty() && cells_[column].blank() && cell.style() == cells_[column].style())) {
      continue;
    }
    ++cost;
    // Beyond what came in new, a shift either fits or does not.
    if (!incoming && ++mismatches > 2) return limit + 1;
  }
  return cost;
}

}  // namespace mosh::term
