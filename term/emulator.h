// Emulator: what Terminal does, behind its interface. Terminal events to changes of a Screen.
//
// The pieces are in one file each: emulator_feed.cc (bytes, fast paths), emulator_print.cc
// (characters, wrapping), emulator_controls.cc (C0, C1, ESC, cursor moves), emulator_csi.cc,
// emulator_modes.cc, emulator_strings.cc (OSC, DCS), emulator_reports.cc (replies), emulator.cc
// (making, resizing, resetting).
//
// Rows and columns count from 0; the four margins are inclusive.
#ifndef TERM_EMULATOR_H_
#define TERM_EMULATOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "term/charset.h"
#include "term/grid.h"
#include "term/history.h"
#include "term/parser.h"
#include "term/screen.h"
#include "term/sequence.h"
#include "term/tab_stops.h"
#include "term/terminal.h"
#include "term/utf8.h"

namespace mosh::term {

class Emulator {
 public:
  Emulator(Screen screen, Dialect dialect);

  void Feed(absl::string_view bytes);
  void Resize(Size size);

  // Of the parser.
  void Print(char32_t code_point);
  void Execute(uint8_t control);
  void EscDispatch(const Sequence& sequence);
  void CsiDispatch(const Sequence& sequence);
  void OscDispatch(absl::string_view text, bool complete, bool cancelled);
  void DcsDispatch(const Sequence& sequence, absl::string_view body, bool complete, bool cancelled);

 private:
  friend class Terminal;

  // What DECSC saves. Defaults are those of a reset.
  struct SavedCursor {
    int row = 0;
    int column = 0;
    Rendition rendition;
    bool autowrap = true;
    bool origin = false;
    bool pending_wrap = false;
    bool protect = false;
    Charset charsets[4] = {};
    uint8_t gl = 0;
  };
  struct CharsetState {
    Charset sets[4] = {};      // G0-G3
    uint8_t gl = 0;            // Which of them codes 20-7E select.
    int8_t single_shift = -1;  // Which of them the next character selects, or -1.
    bool plain() const { return single_shift < 0 && sets[gl] == Charset::kAscii; }
  };

  bool program() const { return dialect_ == Dialect::kProgram; }
  int columns() const { return screen_.columns_; }
  int rows() const { return screen_.rows(); }
  int& row() { return screen_.cursor_.row; }
  int& column() { return screen_.cursor_.column; }

  // Entries of the Interner before it is looked what of them lives.
  static constexpr size_t kInternerLimit = 1024;

  // emulator_feed.cc
  const uint8_t* FeedGround(const uint8_t* p, const uint8_t* end);
  const uint8_t* FeedThroughParser(const uint8_t* p, const uint8_t* end);
  const uint8_t* FeedEscape(const uint8_t* p, const uint8_t* end);
  void LimitInterner();

  // emulator_print.cc
  void PrintAscii(const uint8_t* text, int length);
  void PrintAsciiSlowly(const uint8_t* text, int length);
  // Prints characters, ASCII and beyond, as long as nothing about them is special and they fit on
  // the row. Returns the first byte it left to the others.
  const uint8_t* PrintMixed(const uint8_t* p, const uint8_t* end);
  void PutCharacter(char32_t code_point, int width);
  bool MakeRoomForWide();
  void Combine(char32_t code_point);
  void Advance(int width);
  void Wrap();
  void RepeatLast(int count);

  // emulator_controls.cc
  bool InColumns() const { return column_in(screen_.cursor_.column); }
  bool column_in(int column) const { return column >= left_ && column <= right_; }
  // The last column that printing and CUF reach from here.
  int RightLimit() const {
    return screen_.cursor_.column <= right_ ? right_ : screen_.columns_ - 1;
  }
  int LeftLimit() const { return screen_.cursor_.column >= left_ ? left_ : 0; }
  // Explicit cursor moves end pending wraps and combining.
  void ForgetPlace() {
    pending_wrap_ = false;
    target_row_ = program() ? -1 : row();
    target_column_ = column();
  }
  void MoveTo(int row, int column);
  void MoveToOriginRelative(int row, int column);
  void MoveRows(int count);
  void MoveColumns(int count);
  void IndexDown();
  // Scrolls the region up; what leaves a normal screen at the top goes to the history.
  void ScrollUp(int count);
  void IndexUp();
  void LineFeed();
  void CarriageReturn();
  void BackSpace();
  void Tab(int count);
  void BackTab(int count);
  void SaveCursor();
  void RestoreCursor();
  void BackIndex();
  void ForwardIndex();
  void C1(uint8_t control);
  void Escape(uint32_t key);
  void Designate(int set, uint8_t final);

  // emulator_csi.cc
  bool CsiCommon(const Sequence& sequence);
  void CsiProgram(const Sequence& sequence);
  void EraseInDisplay(int what, bool selective);
  void EraseInLine(int what, bool selective);
  void EraseSpan(int row, int from, int to, bool selective);
  void InsertLines(int count);
  void DeleteLines(int count);
  void InsertOrDeleteColumns(bool insert, int count, int column);
  void SetTopBottom(const Sequence& sequence);
  void SetLeftRight(const Sequence& sequence);
  void WindowOperation(const Sequence& sequence);
  void SelectRendition(const Sequence& sequence);
  void SetRendition(const Rendition& rendition);

  // emulator_modes.cc
  void AnsiModes(const Sequence& sequence, bool on);
  void PrivateModes(const Sequence& sequence, bool on);
  void PrivateMode(int mode, bool on);
  void ProgramMode(int mode, bool on);
  void SetOrigin(bool on);
  void SwitchScreen(bool alternate);
  void AlternateScreen(int mode, bool on);
  int PrivateModeState(int mode) const;

  // emulator_strings.cc
  void SetTitles(absl::string_view text, bool icon, bool title);
  void ProgramClipboard(absl::string_view text, bool complete);

  // emulator_reports.cc
  void Reply(absl::string_view bytes);
  void DeviceStatus(int what, bool dec);
  void ReportMode(int mode, bool dec);
  void ReportSetting(absl::string_view request);

  // emulator.cc
  void SaveRows(const std::vector<RowRef>& rows, int count);
  void ResetMargins();
  void ResizeOther(Size size);
  void SoftReset();
  void HardReset();
  void UpdatePen();

  const Dialect dialect_;
  Screen screen_;
  Grid grid_;
  Parser parser_;
  Utf8Decoder utf8_;
  TabStops tabs_;
  int top_ = 0, bottom_, left_ = 0, right_;
  Cell pen_;  // Style and protection of what is printed, without a glyph.
  int target_row_ = -1, target_column_ = -1;  // Cell that combining characters join, or none.
  char32_t last_graphic_ = 0;                 // For REP; 0: none.
  bool pending_wrap_ = false;
  bool origin_ = false;
  bool autowrap_ = true;
  bool insert_ = false;
  bool newline_ = false;  // LNM
  bool application_cursor_ = false;
  bool left_right_mode_ = false;  // DECLRMM
  bool synchronized_ = false;
  bool protect_ = false;  // DECSCA
  bool alternate_ = false;
  CharsetState charsets_;
  SavedCursor saved_[2];            // Of the normal and the alternate screen.
  std::vector<RowRef> other_rows_;  // The screen that is not shown; empty: blank.
  std::vector<std::pair<std::string, std::string>> title_stack_;  // Title, icon name.
  std::unique_ptr<History> history_;  // of the normal screen; null: none is kept
  std::string replies_;
  uint64_t change_count_ = 0;
  size_t interner_limit_ = kInternerLimit;
};

}  // namespace mosh::term

#endif  // TERM_EMULATOR_H_
