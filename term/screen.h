// Screen: what a user would see, plus what must be synchronised with it (docs/spec/terminal.md §5,
// §12). A value.
//
// Copying costs one reference bump a row; writing to a copy clones only the rows written. Rows and
// columns count from 0. Row and column arguments must lie on the screen. One thread: copies share
// rows and an Interner without locks. State that only a running emulator needs (margins, tabs,
// modes, pending wrap) is Terminal's.
#ifndef TERM_SCREEN_H_
#define TERM_SCREEN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "term/cell.h"
#include "term/interner.h"
#include "term/rendition.h"
#include "term/row.h"
#include "term/size.h"

namespace mosh::term {

// Values are the DEC private mode numbers.
enum class MouseMode : uint16_t {
  kNone = 0,
  kX10 = 9,
  kNormal = 1000,
  kHighlight = 1001,
  kButtonMotion = 1002,
  kAnyMotion = 1003,
};
enum class MouseEncoding : uint16_t { kDefault = 0, kUtf8 = 1005, kSgr = 1006, kUrxvt = 1015 };

// The parameter of DECSCUSR; kDefault is 0, "as the user configured".
enum class CursorShape : uint8_t {
  kDefault,
  kBlinkingBlock,
  kBlock,
  kBlinkingUnderline,
  kUnderline,
  kBlinkingBar,
  kBar,
};

struct Cursor {
  int row = 0;
  int column = 0;
  bool visible = true;
  CursorShape shape = CursorShape::kDefault;
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

struct ScreenModes {
  bool reverse_video = false;     // DECSCNM, ?5
  bool bracketed_paste = false;   // ?2004
  bool focus_events = false;      // ?1004
  bool alternate_scroll = false;  // ?1007
  MouseMode mouse_mode = MouseMode::kNone;
  MouseEncoding mouse_encoding = MouseEncoding::kDefault;
  friend bool operator==(const ScreenModes&, const ScreenModes&) = default;
};

// UTF-8 texts beside the grid.
struct ScreenTexts {
  std::string title;
  std::string icon_name;
  std::string clipboard;  // As it came in OSC 52: base64.
  friend bool operator==(const ScreenTexts&, const ScreenTexts&) = default;
};

class Screen {
 public:
  // Blank, cursor home. `size` is clamped (size.h).
  explicit Screen(Size size);

  Size size() const { return {columns_, static_cast<int>(rows_.size())}; }
  int columns() const { return columns_; }
  int rows() const { return static_cast<int>(rows_.size()); }

  const RowRef& row(int row) const { return rows_[row]; }
  const Cell& cell(int row, int column) const { return rows_[row][column]; }
  // UTF-8 text drawn for the cell: " " if empty, "" for the tail of a wide character.
  std::string CellText(int row, int column) const { return CellText(cell(row, column)); }
  std::string CellText(const Cell& cell) const;
  void AppendCellText(const Cell& cell, std::string* out) const;
  const Rendition& rendition(StyleId style) const { return interner_->rendition(style); }
  const Rendition& rendition(const Cell& cell) const { return rendition(cell.style()); }
  // Drawn text of a row, without trailing blanks. For tests and tools.
  std::string RowText(int row) const;

  const Cursor& cursor() const { return cursor_; }
  // What the next printed character will look like.
  const Rendition& current_rendition() const { return current_rendition_; }
  const ScreenModes& modes() const { return modes_; }
  const std::string& title() const { return texts_->title; }
  const std::string& icon_name() const { return texts_->icon_name; }
  const std::string& clipboard() const { return texts_->clipboard; }
  // Whether a title or icon name was ever set. Stays true.
  bool title_set() const { return title_set_; }
  // Rings, and clipboard writes, since the beginning.
  uint64_t bell_count() const { return bell_count_; }
  uint64_t clipboard_count() const { return clipboard_count_; }

  // Same drawn text, width and rendition (blank equals space), across screens.
  static bool SameCell(const Screen& a, const Cell& cell_a, const Screen& b, const Cell& cell_b);
  // Same columns, cells and wrapped mark; ids do not matter. Immediate if storage is shared.
  static bool SameRow(const Screen& a, int row_a, const Screen& b, int row_b);
  // Same for the user: everything but the counts of bells and clipboard writes.
  bool ShowsSameAs(const Screen& other) const;
  // Everything a peer must be told (spec §12, plus icon name, cursor shape and clipboard count).
  // Cheap if rows are shared.
  friend bool operator==(const Screen& a, const Screen& b);

  // --- Changes, by Terminal and by predictive overlays ---

  StyleId InternStyle(const Rendition& rendition) { return interner_->InternStyle(rendition); }
  ClusterId InternCluster(absl::string_view utf8) { return interner_->InternCluster(utf8); }

  // Puts one cell. A lead (cell.wide()) also writes its tail and must not be in the last column.
  // Halves of wide characters that lose their other half become blank. Tails are not put by
  // themselves.
  void SetCell(int row, int column, Cell cell);
  // Puts UTF-8 text (one character with its combining marks; "" = blank) of the given width (1 or
  // 2) into a cell.
  void SetCellText(int row, int column, absl::string_view text, bool wide,
                   const Rendition& rendition);
  // Changes only the rendition of a cell (and of its other half).
  void SetCellRendition(int row, int column, const Rendition& rendition);
  void SetWrapped(int row, bool wrapped) { rows_[row].SetWrapped(wrapped); }

  void SetCursorPosition(int row, int column) {
    cursor_.row = row;
    cursor_.column = column;
  }
  void SetCursorVisible(bool visible) { cursor_.visible = visible; }
  void SetCursorShape(CursorShape shape) { cursor_.shape = shape; }
  void SetCurrentRendition(const Rendition& rendition) { current_rendition_ = rendition; }
  ScreenModes& mutable_modes() { return modes_; }
  void SetTitle(absl::string_view title);
  void SetIconName(absl::string_view icon_name);
  void ClearTitles();  // Keeps title_set().
  void SetClipboard(absl::string_view clipboard);
  // Empties the clipboard text without counting a write.
  void ClearClipboard();
  void RingBell() { ++bell_count_; }

  // Cuts or extends at the right and bottom with `blank`; clamps the cursor; no reflow.
  void Resize(Size size, Cell blank);
  // What a window of this size shows with (top, left) in its corner; blank beyond the screen.
  // Halves of wide characters at its borders become blank; a cursor outside is hidden. Rows that
  // are shown whole are shared.
  Screen Window(int top, int left, Size size) const;
  // Moves the whole screen to a fresh Interner holding only what it uses. StyleIds and ClusterIds
  // change. `more_rows`, if given, are rows of this Interner outside the screen, and move along.
  void Reintern(std::vector<RowRef>* more_rows = nullptr);
  const Interner& interner() const { return *interner_; }
  // For who keeps rows, and must keep what their cells mean.
  const std::shared_ptr<Interner>& shared_interner() const { return interner_; }

 private:
  friend class Emulator;
  friend class Grid;  // Edits rows in bulk.

  ScreenTexts* MutableTexts();
  RowRef PartOfRow(const RowRef& row, int left, int columns) const;

  int columns_;
  std::vector<RowRef> rows_;
  std::shared_ptr<Interner> interner_;
  Cursor cursor_;
  Rendition current_rendition_;
  ScreenModes modes_;
  bool title_set_ = false;
  std::shared_ptr<ScreenTexts> texts_;  // Shared by copies; replaced on change.
  uint64_t bell_count_ = 0;
  uint64_t clipboard_count_ = 0;
};

}  // namespace mosh::term

#endif  // TERM_SCREEN_H_
