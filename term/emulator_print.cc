// Printing: characters into cells, wrapping, combining (docs/spec/terminal.md §6).
#include <algorithm>
#include <string>

#include "term/decode_multibyte.h"
#include "term/emulator.h"
#include "term/width.h"

namespace mosh::term {
namespace {

constexpr char kNoBreakSpace[] = "\xC2\xA0";
constexpr size_t kMaxClusterBytes =
    32;  // Combining characters are accepted while a cell holds less.

// Cells of `text`, eight at a time, which a compiler turns into a few wide stores.
void PutAscii(Cell* __restrict cells, uint64_t pen, const uint8_t* __restrict text, int count) {
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int j = i; j < i + 8; ++j) cells[j] = Cell::FromBits(pen | text[j]);
  }
  for (int left = count & 7; left > 0; --left, ++i) cells[i] = Cell::FromBits(pen | text[i]);
}

}  // namespace

void Emulator::Print(char32_t code_point) {
  if (code_point < 0x7F) {
    const auto byte = static_cast<uint8_t>(code_point);
    return PrintAscii(&byte, 1);
  }
  const int width = CodePointWidth(code_point);
  if (width > 0) PutCharacter(code_point, width);
  if (width == 0) Combine(code_point);
}

void Emulator::PrintAscii(const uint8_t* text, int length) {
  if (insert_ || !charsets_.plain()) return PrintAsciiSlowly(text, length);
  last_graphic_ = text[length - 1];
  while (length > 0) {
    if (pending_wrap_) {
      if (autowrap_) {
        Wrap();
      } else if (column() == RightLimit()) {
        text += length - 1;  // Each overwrites the one before: only the last will be seen.
        length = 1;
      }
    }
    const int limit = RightLimit();
    const int start = column();
    const int count = std::min(length, limit + 1 - start);
    const int end = start + count;
    Cell* const cells = grid_.Writable(row());
    if (cells[start].wide_tail()) grid_.SplitAt(cells, start);
    if (cells[end - 1].wide()) grid_.SplitAt(cells, end);
    PutAscii(cells + start, pen_.bits(), text, count);
    if (end == columns()) screen_.rows_[row()].SetWrapped(false);
    target_row_ = row();
    target_column_ = end - 1;
    pending_wrap_ = end > limit;
    column() = pending_wrap_ ? limit : end;
    text += count;
    length -= count;
  }
}

const uint8_t* Emulator::PrintMixed(const uint8_t* p, const uint8_t* const end) {
  if (insert_ || pending_wrap_ || protect_ || !charsets_.plain()) return p;
  const uint64_t pen = pen_.bits();
  const Cell tail = Cell::Tail(grid_.blank().style());
  Cell* const cells = grid_.Writable(row());
  Cell* const start = cells + column();
  Cell* const limit = cells + RightLimit() + 1;
  const bool over_tail = start->wide_tail();
  Cell* at = start;
  Cell* last = start;
  char32_t code_point = 0;
  while (p < end && at < limit) {
    if (*p < 0x80) {
      if (*p < 0x20 || *p == 0x7F) break;
      code_point = *p++;
      last = at;
      *at++ = Cell::FromBits(pen | code_point);
      continue;
    }
    const Decoded decoded = DecodeMultibyte(p, end);
    if (decoded.length == 0 || decoded.code_point < 0xA0) break;
    const int width = CodePointWidth(decoded.code_point);
    if (width <= 0 || width > limit - at) break;
    code_point = decoded.code_point;
    p += decoded.length;
    last = at;
    *at++ = Cell::FromBits(pen | code_point);
    if (width == 2) {
      last->set_wide();
      *at++ = tail;
    }
  }
  if (at == start) return p;
  // Of wide characters under the run, the halves that stick out.
  if (over_tail) start[-1] = grid_.BlankOf(start[-1]);
  const bool reached_edge = at == cells + columns();
  if (!reached_edge && at->wide_tail()) *at = Cell::Blank(at->style());
  if (reached_edge) screen_.rows_[row()].SetWrapped(false);
  last_graphic_ = code_point;
  target_row_ = row();
  target_column_ = static_cast<int>(last - cells);
  pending_wrap_ = at == limit;
  column() = static_cast<int>(at - cells) - pending_wrap_;
  return p;
}

void Emulator::PrintAsciiSlowly(const uint8_t* text, int length) {
  for (int i = 0; i < length; ++i) {
    const int set = charsets_.single_shift >= 0 ? charsets_.single_shift : charsets_.gl;
    charsets_.single_shift = -1;
    PutCharacter(MapCharset(charsets_.sets[set], text[i]), 1);
  }
}

void Emulator::Wrap() {
  if (RightLimit() == columns() - 1) screen_.rows_[row()].SetWrapped(true);
  column() = LeftLimit();
  pending_wrap_ = false;
  IndexDown();
}

// A wide character does not fit in the last column. False: it fits nowhere.
bool Emulator::MakeRoomForWide() {
  if (column() < RightLimit()) return true;
  if (autowrap_) {
    if (column() == columns() - 1) grid_.Erase(row(), column(), columns());
    column() = LeftLimit();
    IndexDown();
  } else if (column() > 0) {
    --column();
  }
  pending_wrap_ = false;
  return column() < RightLimit();
}

void Emulator::PutCharacter(char32_t code_point, int width) {
  if (pending_wrap_ && autowrap_) Wrap();
  if (width == 2 && !MakeRoomForWide()) return;
  if (insert_) grid_.InsertCells(row(), column(), width, RightLimit());
  Cell* const cells = grid_.Writable(row());
  const int start = column();
  const int end = start + width;
  if (cells[start].wide_tail()) grid_.SplitAt(cells, start);
  if (cells[end - 1].wide()) grid_.SplitAt(cells, end);
  cells[start] = Cell::FromBits(pen_.bits() | code_point);
  if (width == 2) {
    cells[start].set_wide();
    cells[start + 1] = Cell::Tail(grid_.blank().style());
    if (protect_) cells[start + 1].set_protected();
  }
  if (end == columns()) screen_.rows_[row()].SetWrapped(false);
  target_row_ = row();
  target_column_ = start;
  last_graphic_ = code_point;
  Advance(width);
}

void Emulator::Advance(int width) {
  const int limit = RightLimit();
  column() += width;
  pending_wrap_ = column() > limit;
  if (pending_wrap_) column() = limit;
}

// A character of width 0 joins the last printed cell. In a program's output, moving the cursor ends
// the chance; stock joins the cell under the cursor instead, or makes one with a no-break space.
void Emulator::Combine(char32_t code_point) {
  if (target_row_ < 0 || target_row_ >= rows() || target_column_ >= columns()) return;
  Cell* const cells = grid_.Writable(target_row_);
  Cell* cell = &cells[target_column_];
  if (cell->wide_tail()) --cell;
  std::string text;
  if (cell->empty()) {
    if (program()) return;
    text = kNoBreakSpace;
    Advance(1);
  } else {
    screen_.AppendCellText(*cell, &text);
    if (text.size() >= kMaxClusterBytes) return;
  }
  AppendUtf8(code_point, &text);
  *cell = cell->WithCluster(screen_.InternCluster(text));
}

void Emulator::RepeatLast(int count) {
  if (last_graphic_ == 0) return;
  count = std::min(count, columns() * rows());
  const int width = CodePointWidth(last_graphic_);
  while (count-- > 0) PutCharacter(last_graphic_, width);
}

}  // namespace mosh::term
