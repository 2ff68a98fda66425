// An independent terminal: libvterm, as the judge of what a program's output looks like.
//
// Feed() it bytes; look at cells, cursor and modes; TakeReplies() are what a real terminal would
// answer to queries.
#ifndef E2E_VTERM_SCREEN_H_
#define E2E_VTERM_SCREEN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

struct VTerm;
struct VTermScreen;

namespace mosh::e2e {

struct TerminalSize {
  int columns = 80;
  int rows = 24;
  friend bool operator==(const TerminalSize&, const TerminalSize&) = default;
};

// What one cell shows. A blank cell has text " " and no attribute that a blank doesn't show.
struct ScreenCell {
  std::string text;  // UTF-8, base and combining characters; "" for the right half of a wide one
  int width = 1;
  bool bold = false, italic = false, blink = false, reverse = false, strike = false;
  int underline = 0;
  std::string foreground, background;  // "default", "i<palette index>", "#rrggbb"

  friend bool operator==(const ScreenCell&, const ScreenCell&) = default;
};

// A screen at one moment.
struct ScreenImage {
  TerminalSize size;
  std::vector<ScreenCell> cells;  // row by row
  int cursor_row = 0, cursor_column = 0;
  bool cursor_visible = true;

  const ScreenCell& at(int row, int column) const { return cells[row * size.columns + column]; }
  std::string RowText(int row) const;  // without trailing blanks
  std::string Text() const;            // all rows, each ended by a newline
  friend bool operator==(const ScreenImage&, const ScreenImage&) = default;
};

// What differs, for a person: at most `limit` cells, then how many more. Empty: nothing.
std::string Difference(const ScreenImage& expected, const ScreenImage& actual, int limit = 20);

class VtermScreen {
 public:
  explicit VtermScreen(TerminalSize size);
  ~VtermScreen();
  VtermScreen(const VtermScreen&) = delete;
  VtermScreen& operator=(const VtermScreen&) = delete;

  void Feed(absl::string_view bytes);
  void Resize(TerminalSize size);
  std::string TakeReplies();

  ScreenImage Image() const;
  // The first code point of each cell, row by row, blanks as spaces: for those who look often.
  std::vector<char32_t> Characters() const;
  void CursorPosition(int* row, int* column) const;
  std::string Text() const { return Image().Text(); }
  bool Contains(absl::string_view text) const;
  TerminalSize size() const;

  bool alternate_screen() const { return alternate_; }
  bool cursor_visible() const { return cursor_visible_; }
  int mouse_mode() const { return mouse_; }
  int bell_count() const { return bells_; }
  // Last value set by CSI ? n h and CSI ? n l; false if never.
  bool private_mode(int number) const;

 private:
  struct Callbacks;
  void TrackModes(absl::string_view bytes);

  VTerm* vterm_;
  VTermScreen* screen_;
  std::string replies_;
  bool alternate_ = false;
  bool cursor_visible_ = true;
  int mouse_ = 0;
  int bells_ = 0;

  // A tiny scanner, because libvterm doesn't tell about every mode: the parameters of a CSI ?
  // sequence under way.
  std::string partial_;
  std::map<int, bool> modes_;
};

}  // namespace mosh::e2e

#endif  // E2E_VTERM_SCREEN_H_
