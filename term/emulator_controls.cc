// C0, C1 and ESC functions, and the cursor moves that others share (docs/spec/terminal.md §5, §7).
#include <algorithm>

#include "term/emulator.h"

namespace mosh::term {

void Emulator::MoveTo(int to_row, int to_column) {
  row() = std::clamp(to_row, 0, rows() - 1);
  column() = std::clamp(to_column, 0, columns() - 1);
  ForgetPlace();
}

void Emulator::MoveToOriginRelative(int to_row, int to_column) {
  if (origin_) {
    to_row = std::clamp(to_row + top_, top_, bottom_);
    to_column = std::clamp(to_column + left_, left_, right_);
  }
  MoveTo(to_row, to_column);
}

// Up or down. A program's cursor stops at the margin of the region it is in; stock stops only in
// origin mode.
void Emulator::MoveRows(int count) {
  int to = row() + count;
  if (count < 0 && (program() ? row() >= top_ : origin_)) to = std::max(to, top_);
  if (count > 0 && (program() ? row() <= bottom_ : origin_)) to = std::min(to, bottom_);
  MoveTo(to, column());
}

void Emulator::MoveColumns(int count) {
  MoveTo(row(), std::clamp(column() + count, LeftLimit(), RightLimit()));
}

void Emulator::IndexDown() {
  if (row() == bottom_) {
    if (InColumns()) ScrollUp(1);
  } else if (row() < rows() - 1) {
    ++row();
  }
}

void Emulator::ScrollUp(int count) {
  const bool at_top = top_ == 0 && left_ == 0 && right_ == columns() - 1;
  if (history_ != nullptr && at_top && !alternate_) {
    SaveRows(screen_.rows_, std::min(count, bottom_ + 1));
  }
  grid_.ScrollUp(top_, bottom_, left_, right_, count);
}

void Emulator::IndexUp() {
  if (row() == top_) {
    if (InColumns()) grid_.ScrollDown(top_, bottom_, left_, right_, 1);
  } else if (row() > 0) {
    --row();
  }
}

void Emulator::LineFeed() {
  IndexDown();
  if (newline_) column() = LeftLimit();
  ForgetPlace();
}

void Emulator::CarriageReturn() {
  column() = LeftLimit();
  ForgetPlace();
}

void Emulator::BackSpace() {
  // Stock senders count one column too many after the last cell of the bottom row (spec §13).
  const bool stay = pending_wrap_ && !program();
  if (!stay && column() > LeftLimit()) --column();
  ForgetPlace();
}

// Both keep a pending wrap in stock, even if the cursor moves. A program's keeps it only where it
// is.
void Emulator::Tab(int count) {
  const bool pending = pending_wrap_;
  const int from = column();
  const int limit = RightLimit();
  while (count-- > 0 && column() < limit) column() = tabs_.Next(column(), limit);
  if (program() && column() == from) return;
  ForgetPlace();
  if (!program()) pending_wrap_ = pending;
}

void Emulator::BackTab(int count) {
  const bool pending = pending_wrap_;
  const int limit = origin_ ? LeftLimit() : 0;
  while (count-- > 0 && column() > limit) column() = tabs_.Previous(column(), limit);
  ForgetPlace();
  if (!program()) pending_wrap_ = pending;
}

void Emulator::Execute(uint8_t control) {
  if (control >= 0x80) return C1(control);
  switch (control) {
    case 0x07:
      screen_.RingBell();
      break;
    case 0x08:
      return BackSpace();
    case 0x09:
      return Tab(1);
    case 0x0A:
    case 0x0B:
    case 0x0C:
      return LineFeed();
    case 0x0D:
      return CarriageReturn();
    case 0x0E:
      if (program()) charsets_.gl = 1;
      break;
    case 0x0F:
      if (program()) charsets_.gl = 0;
      break;
    default:
      break;
  }
  if (!program()) pending_wrap_ = false;
}

void Emulator::C1(uint8_t control) {
  if (!program()) pending_wrap_ = false;
  switch (control) {
    case 0x84:  // IND
      IndexDown();
      return ForgetPlace();
    case 0x85:  // NEL
      column() = LeftLimit();
      IndexDown();
      return ForgetPlace();
    case 0x88:  // HTS
      return tabs_.Set(column());
    case 0x8D:  // RI
      IndexUp();
      return ForgetPlace();
    case 0x8E:  // SS2
    case 0x8F:  // SS3
      if (program()) charsets_.single_shift = control == 0x8E ? 2 : 3;
      return;
    case 0x9A:  // DECID
      return Reply("\x1b[?62;22c");
    default:
      return;
  }
}

void Emulator::EscDispatch(const Sequence& sequence) {
  const uint32_t key = sequence.key();
  if (!program()) pending_wrap_ = false;
  if (key >= 0x40 && key <= 0x5F) return C1(static_cast<uint8_t>(key + 0x40));
  Escape(key);
}

void Emulator::Escape(uint32_t key) {
  switch (key) {
    case Sequence::Key("7"):
      return SaveCursor();
    case Sequence::Key("8"):
      return RestoreCursor();
    case Sequence::Key("c"):
      return HardReset();
    case Sequence::Key("#8"):
      return grid_.FillAll(Cell::OfCodePoint('E', grid_.blank().style()));
    default:
      break;
  }
  if (!program()) return;
  switch (key) {
    case Sequence::Key("6"):
      return BackIndex();
    case Sequence::Key("9"):
      return ForwardIndex();
    case Sequence::Key("n"):  // LS2
    case Sequence::Key("o"):  // LS3
      charsets_.gl = key == Sequence::Key("n") ? 2 : 3;
      return;
    default:
      break;
  }
  // ESC ( C, ESC ) C, ESC * C, ESC + C: designate G0-G3. A second intermediate selects sets that we
  // do not have.
  const bool two = key >> 16 != 0;
  const uint32_t intermediate = two ? key >> 16 : key >> 8;
  if (intermediate >= '(' && intermediate <= '+') {
    Designate(static_cast<int>(intermediate - '('), two ? 'B' : static_cast<uint8_t>(key));
  }
}

void Emulator::Designate(int set, uint8_t final) { charsets_.sets[set] = CharsetOf(final); }

void Emulator::SaveCursor() {
  SavedCursor& saved = saved_[alternate_];
  saved.row = row();
  saved.column = column();
  saved.rendition = screen_.current_rendition_;
  saved.autowrap = autowrap_;
  saved.origin = origin_;
  saved.pending_wrap = pending_wrap_;
  saved.protect = protect_;
  std::copy_n(charsets_.sets, 4, saved.charsets);
  saved.gl = charsets_.gl;
}

void Emulator::RestoreCursor() {
  const SavedCursor& saved = saved_[alternate_];
  origin_ = saved.origin;
  autowrap_ = saved.autowrap;
  int to_row = saved.row;
  if (origin_) to_row = std::clamp(to_row, top_, bottom_);
  MoveTo(to_row, saved.column);
  if (program()) {
    pending_wrap_ = saved.pending_wrap && column() == RightLimit();
    protect_ = saved.protect;
    std::copy_n(saved.charsets, 4, charsets_.sets);
    charsets_.gl = saved.gl;
    charsets_.single_shift = -1;
  }
  screen_.current_rendition_ = saved.rendition;
  UpdatePen();
}

// DECBI, DECFI: move by one column, scrolling sideways at the margins.
void Emulator::BackIndex() {
  if (column() == left_ && row() >= top_ && row() <= bottom_) {
    InsertOrDeleteColumns(true, 1, left_);
  } else {
    MoveTo(row(), column() - 1);
  }
}

void Emulator::ForwardIndex() {
  if (column() == right_ && row() >= top_ && row() <= bottom_) {
    InsertOrDeleteColumns(false, 1, left_);
  } else {
    MoveTo(row(), column() + 1);
  }
}

}  // namespace mosh::term
