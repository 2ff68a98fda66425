#include "term/emulator.h"

#include <algorithm>

namespace mosh::term {

Emulator::Emulator(Screen screen, Dialect dialect)
    : dialect_(dialect),
      screen_(std::move(screen)),
      grid_(&screen_),
      tabs_(screen_.columns()),
      bottom_(screen_.rows() - 1),
      right_(screen_.columns() - 1) {
  if (!program()) ForgetPlace();
  UpdatePen();
}

void Emulator::UpdatePen() {
  const Rendition& rendition = screen_.current_rendition_;
  const StyleId style = screen_.InternStyle(rendition);
  pen_ = Cell::Blank(style);
  if (protect_) pen_.set_protected();
  const Rendition background = rendition.BackgroundOnly();
  grid_.set_blank(Cell::Blank(background == rendition ? style : screen_.InternStyle(background)));
}

void Emulator::SetRendition(const Rendition& rendition) {
  if (screen_.current_rendition_ == rendition) return;
  screen_.current_rendition_ = rendition;
  UpdatePen();
}

void Emulator::LimitInterner() {
  if (screen_.interner().entries() <= interner_limit_) return;
  screen_.Reintern(&other_rows_);
  grid_ = Grid(&screen_);
  UpdatePen();
  // Twice what lives, so that re-interning, which looks at every cell, stays rare; but no more than
  // lets the tables stay in the processor's nearest cache, where every change of rendition looks.
  const size_t cells = static_cast<size_t>(columns()) * rows();
  interner_limit_ = kInternerLimit + cells / 2 + 2 * screen_.interner().entries();
}

void Emulator::ResetMargins() {
  top_ = 0;
  bottom_ = rows() - 1;
  left_ = 0;
  right_ = columns() - 1;
}

void Emulator::SaveRows(const std::vector<RowRef>& rows, int count) {
  if (history_ == nullptr) return;
  for (int row = 0; row < count; ++row) history_->Append(rows[row], screen_.shared_interner());
}

void Emulator::Resize(Size size) {
  size = ClampSize(size);
  ++change_count_;
  if (size == screen_.size()) return;
  if (program()) {
    // Keep the text around the cursor: rows leave at the top if the bottom would take the cursor
    // along.
    const int lost = row() - (size.rows - 1);
    if (lost > 0) {
      if (!alternate_) SaveRows(screen_.rows_, lost);
      grid_.ScrollUp(0, rows() - 1, lost);
      row() -= lost;
      SavedCursor& saved = saved_[alternate_];
      saved.row = std::max(0, saved.row - lost);
    }
    if (size.columns > columns()) pending_wrap_ = false;
  }
  ResizeOther(size);
  screen_.Resize(size, grid_.blank());
  tabs_.Resize(size.columns);
  ResetMargins();
  if (target_row_ >= size.rows || target_column_ >= size.columns) target_row_ = -1;
}

// The screen that is not shown: the normal one while a program uses the alternate screen, which it
// will find again as if it had been resized in view; or an alternate screen left behind by ?47.
void Emulator::ResizeOther(Size size) {
  if (other_rows_.empty()) return;
  SavedCursor& saved = saved_[!alternate_];
  const int lost = saved.row - (size.rows - 1);
  if (lost > 0 && static_cast<size_t>(lost) < other_rows_.size()) {
    if (alternate_) SaveRows(other_rows_, lost);
    other_rows_.erase(other_rows_.begin(), other_rows_.begin() + lost);
    saved.row -= lost;
  }
  // A Screen knows how to resize rows.
  Screen other = screen_;
  other.rows_.swap(other_rows_);
  other.Resize(size, Cell());
  other_rows_.swap(other.rows_);
}

void Emulator::SoftReset() {
  SetRendition(Rendition());
  saved_[alternate_] = SavedCursor();
  ResetMargins();
  origin_ = false;
  insert_ = false;
  application_cursor_ = false;
  screen_.SetCursorVisible(true);
  if (!program()) return;
  autowrap_ = true;
  newline_ = false;
  left_right_mode_ = false;
  protect_ = false;
  charsets_ = CharsetState();
  screen_.SetCursorShape(CursorShape::kDefault);
  UpdatePen();
}

void Emulator::HardReset() {
  other_rows_.clear();
  alternate_ = false;
  SoftReset();
  saved_[0] = saved_[1] = SavedCursor();
  autowrap_ = true;
  pending_wrap_ = false;
  synchronized_ = false;
  last_graphic_ = 0;
  tabs_.SetDefaults(columns());
  grid_.EraseRows(0, rows() - 1);
  MoveTo(0, 0);
  screen_.modes_ = ScreenModes();
  screen_.ClearClipboard();
  if (program()) {
    screen_.ClearTitles();
    title_stack_.clear();
  } else if (!screen_.title().empty()) {
    screen_.MutableTexts()->title.clear();  // Stock keeps the icon name.
  }
}

}  // namespace mosh::term
