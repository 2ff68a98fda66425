#include "term/renderer.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "term/frame_modes.h"
#include "term/frame_writer.h"
#include "term/row_painter.h"
#include "term/scroll_detect.h"

namespace mosh::term {
namespace {

// Frames longer than this may be painted while the terminal draws: hide the wandering cursor.
constexpr size_t kLongFrame = 512;
// Scrolls of up to so many lines are line feeds, shorter than a sequence with a number.
constexpr int kFewLines = 3;
// A frame that changes more rows than this does not come from editing a line.
constexpr int kEditedRows = 6;

// Draws the cells of one frame.
class FramePainter {
 public:
  // `from` == nullptr: over a cleared screen.
  FramePainter(const Screen* from, const Screen& to, FrameWriter* writer)
      : from_(from),
        to_(to),
        writer_(*writer),
        blank_row_(RowRef::Filled(to.columns(), Cell(), 0)) {}

  void Paint() {
    sources_.resize(to_.rows());
    for (int row = 0; row < to_.rows(); ++row) sources_[row] = from_ == nullptr ? kBlank : row;
    if (from_ != nullptr) {
      if (!FindChanges()) return;
      if (changes_ > 1) Scroll();
    }
    PaintRows();
  }

 private:
  static constexpr int kBlank = -1;

  // Fills changed_; whether any row has changed.
  bool FindChanges() {
    changed_.resize(to_.rows());
    for (int row = 0; row < to_.rows(); ++row) {
      changed_[row] = !Screen::SameRow(*from_, row, to_, row);
      changes_ += changed_[row];
    }
    return changes_ > 0;
  }

  void Scroll() {
    for (const term::Scroll& scroll : DetectScrolls(*from_, to_, changed_)) {
      WriteScroll(scroll);
      const int height = scroll.bottom - scroll.top + 1;
      std::vector<int> moved(height, kBlank);
      for (int i = 0; i < height; ++i) {
        const int source = i + scroll.lines;
        if (source >= 0 && source < height) moved[i] = scroll.top + source;
      }
      std::copy(moved.begin(), moved.end(), sources_.begin() + scroll.top);
    }
  }

  void WriteScroll(const term::Scroll& scroll) {
    writer_.SetErasePen(Rendition());
    const int lines = std::abs(scroll.lines);
    const int bottom = to_.rows() - 1;
    if (scroll.bottom < bottom) {
      ScrollRegion(scroll, lines);
    } else if (scroll.lines < 0) {
      InsertOrDelete(scroll.top, lines, 'L', 'T');
    } else if (scroll.top > 0) {
      InsertOrDelete(scroll.top, lines, 'M', 'S');
    } else if (!writer_.real() && (lines > kFewLines || writer_.position().row != bottom)) {
      writer_.Csi(lines, 'S');
    } else {
      // Line feeds, so that a real terminal keeps the lines in its scrollback.
      if (writer_.position().row != bottom) writer_.MoveTo(bottom, 0);
      writer_.Append(std::string(lines, '\n'));
    }
  }

  // Of a region that ends with the screen: insert or delete lines, or scroll the whole screen.
  void InsertOrDelete(int top, int lines, char at_cursor, char whole_screen) {
    if (top == 0 && !writer_.real()) {
      writer_.Csi(lines, whole_screen);
      return;
    }
    // Column 0 is where readers agree that it leaves the cursor.
    writer_.MoveTo(top, 0);
    writer_.Csi(lines, at_cursor);
  }

  void ScrollRegion(const term::Scroll& scroll, int lines) {
    writer_.Append(absl::StrCat("\x1b[", scroll.top + 1, ";", scroll.bottom + 1, "r"));
    if (!writer_.real()) {
      writer_.Csi(lines, scroll.lines > 0 ? 'S' : 'T');
    } else {
      // The Linux console has no SU and SD.
      writer_.AssumePosition({});
      if (scroll.lines > 0) {
        writer_.MoveTo(scroll.bottom, 0);
        writer_.Append(std::string(lines, '\n'));
      } else {
        writer_.MoveTo(scroll.top, 0);
        writer_.Csi(lines, 'L');
      }
    }
    writer_.Append("\x1b[r");
    writer_.AssumePosition({});  // Readers differ in where setting a region puts the cursor.
  }

  // The first row from which on everything is to be blank in the default rendition.
  int BlankFrom() const {
    int row = to_.rows();
    while (row > 0 && IsDefaultBlank(row - 1)) --row;
    return row;
  }
  bool IsDefaultBlank(int row) const {
    if (to_.row(row).wrapped()) return false;
    for (const Cell& cell : to_.row(row).cells()) {
      if (!cell.blank() || cell.style() != StyleId::kDefault) return false;
    }
    return true;
  }

  ShownRow Shown(int row) const {
    const int source = sources_[row];
    if (source == kBlank) return {blank_row_.cells().data(), &to_, false, true};
    const RowRef& shown = from_->row(source);
    // The mark of a bottom row has never been conveyed; it may be there or not.
    const bool certain = !shown.wrapped() || source + 1 < from_->rows();
    return {shown.cells().data(), from_, shown.wrapped(), certain};
  }

  // Whether the reader shows what it should in the row.
  bool IsShown(int row) const {
    const int source = sources_[row];
    if (source == row) return !changed_[row];
    if (source == kBlank) return IsDefaultBlank(row);
    return Shown(row).wrap_certain && Screen::SameRow(*from_, source, to_, row);
  }

  void PaintRows() {
    RowPainter painter(to_, &writer_, changes_ <= kEditedRows);
    // Rows at the bottom that are to be blank and are not.
    const int blank_from = from_ == nullptr ? to_.rows() : BlankFrom();
    int unerased = 0;
    for (int row = blank_from; row < to_.rows(); ++row) unerased += !IsShown(row);
    bool wraps = false;
    for (int row = 0; row < to_.rows(); ++row) {
      if (row == blank_from && unerased > 1 && !wraps) {
        writer_.MoveTo(row, 0);
        writer_.SetErasePen(Rendition());
        writer_.Append("\x1b[J");
        return;
      }
      if (!wraps && IsShown(row)) continue;
      const RowPainter::Outcome outcome =
          painter.Paint(row, Shown(row), wraps, row + 1 == blank_from && unerased > 0);
      if (outcome.erased_below) return;
      wraps = outcome.wraps;
    }
  }

  const Screen* const from_;
  const Screen& to_;
  FrameWriter& writer_;
  const RowRef blank_row_;
  absl::InlinedVector<uint8_t, 128> changed_;
  int changes_ = 0;                        // Rows in changed_.
  absl::InlinedVector<int, 128> sources_;  // Which old row the reader shows in a row, or kBlank.
};

// Clears the screen, whatever was on it.
void WriteClear(bool known, FrameWriter* writer) {
  if (!known) {
    writer->Append("\x1b[r");
    if (writer->real()) writer->Append("\x1b[4l\x1b[?6l\x1b[?7h");
    writer->Append("\x1b[0m");
    writer->AssumePen(Rendition());
  }
  writer->SetPen(Rendition());
  writer->Append("\x1b[H\x1b[2J");
  writer->AssumePosition({0, 0});
}

}  // namespace

std::string RenderFrame(const Screen* from, const Screen& to, const RenderOptions& options) {
  std::string frame;
  const bool same_size = from != nullptr && from->size() == to.size();
  const bool real = options.target == RenderTarget::kRealTerminal;
  FrameWriter writer(options, to.size(), &frame);
  AppendBellAndTexts(from, to, options, &frame);
  if (from != nullptr) writer.AssumePen(from->current_rendition());
  if (same_size) {
    writer.AssumePosition({from->cursor().row, from->cursor().column});
  } else {
    // An emulator that was resized has kept its pen and all; of a terminal's picture, which its
    // user resized, nothing is certain.
    WriteClear(from != nullptr && !real, &writer);
  }
  FramePainter(same_size ? from : nullptr, to, &writer).Paint();
  writer.MoveTo(to.cursor().row, to.cursor().column);
  writer.SetPen(to.current_rendition());
  AppendModes(from, to, options, &frame);
  if (frame.empty() || !real) return frame;

  if (options.synchronized_output) return absl::StrCat("\x1b[?2026h", frame, "\x1b[?2026l");
  const bool was_visible = from == nullptr || from->cursor().visible;
  if (frame.size() > kLongFrame && was_visible && to.cursor().visible) {
    return absl::StrCat("\x1b[?25l", frame, "\x1b[?25h");
  }
  return frame;
}

}  // namespace mosh::term
