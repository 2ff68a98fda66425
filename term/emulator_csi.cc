// CSI functions but modes and reports (docs/spec/terminal.md §7, xterm ctlseqs).
#include <algorithm>

#include "term/emulator.h"
#include "term/sgr.h"

namespace mosh::term {
namespace {

// Stock lets only these, and SGR, pass by a pending wrap.
bool KeepsPendingWrapInStock(uint32_t key) {
  return key == Sequence::Key("I") || key == Sequence::Key("Z") || key == Sequence::Key("g") ||
         key == Sequence::Key("?h") || key == Sequence::Key("?l");
}

}  // namespace

void Emulator::CsiDispatch(const Sequence& sequence) {
  const uint32_t key = sequence.key();
  if (key == Sequence::Key("m")) return SelectRendition(sequence);
  if (sequence.has_colon()) return;  // No meaning anywhere else.
  if (!program() && !KeepsPendingWrapInStock(key)) pending_wrap_ = false;
  if (!CsiCommon(sequence) && program()) CsiProgram(sequence);
}

void Emulator::SelectRendition(const Sequence& sequence) {
  Rendition rendition = screen_.current_rendition_;
  ApplySgr(sequence, &rendition);
  SetRendition(rendition);
}

// What both dialects know. True if the function was found here.
bool Emulator::CsiCommon(const Sequence& sequence) {
  const int one = sequence.Get(0, 1);
  const int zero = sequence.Get(0, 0);
  switch (sequence.key()) {
    case Sequence::Key("H"):
    case Sequence::Key("f"):
      return MoveToOriginRelative(one - 1, sequence.Get(1, 1) - 1), true;
    case Sequence::Key("A"):
      return MoveRows(-one), true;
    case Sequence::Key("B"):
      return MoveRows(one), true;
    case Sequence::Key("C"):
      return MoveColumns(one), true;
    case Sequence::Key("D"):
      return MoveColumns(-one), true;
    case Sequence::Key("d"):
      return MoveToOriginRelative(one - 1, column() - (origin_ ? left_ : 0)), true;
    case Sequence::Key("G"):
    case Sequence::Key("`"):
      return MoveToOriginRelative(row() - (origin_ ? top_ : 0), one - 1), true;
    case Sequence::Key("I"):
      return Tab(one), true;
    case Sequence::Key("Z"):
      return BackTab(one), true;
    case Sequence::Key("g"):
      if (zero == 0) tabs_.Clear(column());
      if (zero == 3) tabs_.ClearAll();
      return true;
    case Sequence::Key("K"):
      return EraseInLine(zero, false), true;
    case Sequence::Key("J"):
      return EraseInDisplay(zero, false), true;
    case Sequence::Key("X"):
      grid_.Erase(row(), column(), std::min(columns(), column() + one));
      return pending_wrap_ = false, true;
    case Sequence::Key("@"):
      if (InColumns()) grid_.InsertCells(row(), column(), one, right_);
      return pending_wrap_ = false, true;
    case Sequence::Key("P"):
      if (InColumns()) grid_.DeleteCells(row(), column(), one, right_);
      return pending_wrap_ = false, true;
    case Sequence::Key("L"):
      return InsertLines(one), true;
    case Sequence::Key("M"):
      return DeleteLines(one), true;
    case Sequence::Key("S"):
      ScrollUp(one);
      return pending_wrap_ = false, true;
    case Sequence::Key("T"):
      // With more parameters it is xterm's highlight tracking.
      if (program() && sequence.count() > 1) return true;
      grid_.ScrollDown(top_, bottom_, left_, right_, one);
      return pending_wrap_ = false, true;
    case Sequence::Key("r"):
      return SetTopBottom(sequence), true;
    case Sequence::Key("h"):
      return AnsiModes(sequence, true), true;
    case Sequence::Key("l"):
      return AnsiModes(sequence, false), true;
    case Sequence::Key("?h"):
      return PrivateModes(sequence, true), true;
    case Sequence::Key("?l"):
      return PrivateModes(sequence, false), true;
    case Sequence::Key("!p"):
      return SoftReset(), true;
    case Sequence::Key(" q"):
      if (zero <= static_cast<int>(CursorShape::kBar)) {
        screen_.SetCursorShape(static_cast<CursorShape>(zero));
      }
      return true;
    default:
      return false;
  }
}

void Emulator::CsiProgram(const Sequence& sequence) {
  const int one = sequence.Get(0, 1);
  const int zero = sequence.Get(0, 0);
  switch (sequence.key()) {
    case Sequence::Key("E"):
      MoveRows(one);
      return CarriageReturn();
    case Sequence::Key("F"):
      MoveRows(-one);
      return CarriageReturn();
    case Sequence::Key("a"):
      return MoveColumns(one);
    case Sequence::Key("e"):
      return MoveRows(one);
    case Sequence::Key("b"):
      return RepeatLast(one);
    case Sequence::Key("s"):
      return left_right_mode_ ? SetLeftRight(sequence) : SaveCursor();
    case Sequence::Key("u"):
      return RestoreCursor();
    case Sequence::Key("?K"):
      return EraseInLine(zero, true);
    case Sequence::Key("?J"):
      return EraseInDisplay(zero, true);
    case Sequence::Key("\"q"):
      protect_ = zero == 1;
      return UpdatePen();
    case Sequence::Key("'}"):
      return InColumns() ? InsertOrDeleteColumns(true, one, column()) : void();
    case Sequence::Key("'~"):
      return InColumns() ? InsertOrDeleteColumns(false, one, column()) : void();
    case Sequence::Key(" @"):
      return InsertOrDeleteColumns(false, one, left_);
    case Sequence::Key(" A"):
      return InsertOrDeleteColumns(true, one, left_);
    case Sequence::Key("t"):
      return WindowOperation(sequence);
    case Sequence::Key("c"):
      return Reply("\x1b[?62;22c");
    case Sequence::Key(">c"):
      return Reply("\x1b[>1;10;0c");
    case Sequence::Key("=c"):
      return Reply("\x1bP!|00000000\x1b\\");
    case Sequence::Key(">q"):
      if (zero == 0) Reply("\x1bP>|mosh-fleet\x1b\\");
      return;
    case Sequence::Key("n"):
      return DeviceStatus(zero, false);
    case Sequence::Key("?n"):
      return DeviceStatus(zero, true);
    case Sequence::Key("$p"):
      return ReportMode(zero, false);
    case Sequence::Key("?$p"):
      return ReportMode(zero, true);
    default:
      return;
  }
}

void Emulator::EraseSpan(int in_row, int from, int to, bool selective) {
  selective ? grid_.EraseUnprotected(in_row, from, to) : grid_.Erase(in_row, from, to);
}

void Emulator::EraseInLine(int what, bool selective) {
  if (what > 2) return;
  const int from = what == 0 ? column() : 0;
  const int to = what == 1 ? column() + 1 : columns();
  if (what == 2 && !selective) {
    grid_.EraseRows(row(), row());
  } else {
    EraseSpan(row(), from, to, selective);
  }
  pending_wrap_ = false;
}

void Emulator::EraseInDisplay(int what, bool selective) {
  if (what == 3 && history_ != nullptr) history_->Clear();
  if (what > 2) return;
  const int first = what == 0 ? row() + 1 : 0;
  const int last = what == 1 ? row() - 1 : rows() - 1;
  if (what == 0) EraseSpan(row(), column(), columns(), selective);
  if (what == 1) EraseSpan(row(), 0, column() + 1, selective);
  if (selective) {
    for (int r = first; r <= last; ++r) grid_.EraseUnprotected(r, 0, columns());
  } else {
    grid_.EraseRows(first, last);
  }
  pending_wrap_ = false;
}

// Outside the region a program's IL and DL do nothing; stock's still return the cursor to column 0.
void Emulator::InsertLines(int count) {
  const bool inside = row() >= top_ && row() <= bottom_ && InColumns();
  if (inside) grid_.ScrollDown(row(), bottom_, left_, right_, count);
  if (inside || !program()) CarriageReturn();
}

void Emulator::DeleteLines(int count) {
  const bool inside = row() >= top_ && row() <= bottom_ && InColumns();
  if (inside) grid_.ScrollUp(row(), bottom_, left_, right_, count);
  if (inside || !program()) CarriageReturn();
}

// DECIC, DECDC at the cursor; SL, SR and DECBI, DECFI at the left margin: in every row of the
// region.
void Emulator::InsertOrDeleteColumns(bool insert, int count, int at) {
  if (row() < top_ || row() > bottom_) return;
  for (int r = top_; r <= bottom_; ++r) {
    insert ? grid_.InsertCells(r, at, count, right_) : grid_.DeleteCells(r, at, count, right_);
  }
  pending_wrap_ = false;
}

void Emulator::SetTopBottom(const Sequence& sequence) {
  const int top = sequence.Get(0, 1);
  int bottom = sequence.Get(1, rows());
  if (program())
    bottom = std::min(bottom, rows());  // Stock refuses one-row regions before clamping.
  if (bottom <= top || top > rows()) return;
  top_ = top - 1;
  bottom_ = std::min(bottom, rows()) - 1;
  MoveToOriginRelative(0, 0);
}

void Emulator::SetLeftRight(const Sequence& sequence) {
  const int left = sequence.Get(0, 1);
  const int right = std::min(sequence.Get(1, columns()), columns());
  if (right <= left) return;
  left_ = left - 1;
  right_ = right - 1;
  MoveToOriginRelative(0, 0);
}

}  // namespace mosh::term
