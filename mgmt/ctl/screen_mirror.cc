#include "mgmt/ctl/screen_mirror.h"

#include <algorithm>
#include <utility>

#include "term/renderer.h"

namespace mosh::mgmt::ctl {

term::Screen PictureOf(const term::Screen& screen) {
  term::Screen picture(screen.size());
  for (int row = 0; row < screen.rows(); ++row) {
    for (int column = 0; column < screen.columns(); ++column) {
      const term::Cell& cell = screen.cell(row, column);
      if (cell.wide_tail()) continue;
      picture.SetCellText(row, column, screen.CellText(cell), cell.wide(), screen.rendition(cell));
    }
  }
  const term::Cursor& cursor = screen.cursor();
  picture.SetCursorPosition(cursor.row, cursor.column);
  picture.SetCursorVisible(cursor.visible);
  picture.SetCursorShape(cursor.shape);
  picture.mutable_modes().reverse_video = screen.modes().reverse_video;
  return picture;
}

void ScreenMirror::SetSize(term::Size size) {
  if (screen_.screen().size() != size) screen_.Resize(size);
}

void ScreenMirror::Feed(absl::string_view bytes) {
  screen_.Feed(bytes);
  (void)screen_.TakeReplies();
}

void ScreenMirror::OnTerminalResized() {
  view_.Resize(terminal_->size());
  shown_.reset();
}

bool ScreenMirror::Draw() {
  term::Screen next = PictureOf(view_.Of(screen_.screen()));
  if (!note_.empty()) {
    term::Rendition inverse;
    inverse.set(term::Attribute::kInverse, true);
    const int columns = std::min<int>(next.columns(), static_cast<int>(note_.size()));
    for (int column = 0; column < columns; ++column) {
      next.SetCellText(next.rows() - 1, column, absl::string_view(&note_[column], 1), false,
                       inverse);
    }
  }
  const std::string bytes = term::RenderFrame(shown_ ? &*shown_ : nullptr, next,
                                              {.target = term::RenderTarget::kRealTerminal,
                                               .bce = false,
                                               .title = false,
                                               .synchronized_output = true});
  shown_ = std::move(next);
  return terminal_->Write(bytes);
}

}  // namespace mosh::mgmt::ctl
