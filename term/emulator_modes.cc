// Modes (docs/spec/terminal.md §7, xterm ctlseqs "DECSET").
#include "absl/strings/str_cat.h"
#include "term/emulator.h"

namespace mosh::term {
namespace {

enum : int {
  kModeReportSet = 1,
  kModeReportReset = 2,
  kModeReportUnknown = 0,
};

}  // namespace

void Emulator::AnsiModes(const Sequence& sequence, bool on) {
  for (int i = 0; i < sequence.count(); ++i) {
    const int mode = sequence.Get(i, 0);
    if (mode == 4) insert_ = on;
    if (mode == 20 && program()) newline_ = on;
  }
}

void Emulator::PrivateModes(const Sequence& sequence, bool on) {
  for (int i = 0; i < sequence.count(); ++i) PrivateMode(sequence.Get(i, 0), on);
}

void Emulator::PrivateMode(int mode, bool on) {
  ScreenModes& modes = screen_.modes_;
  switch (mode) {
    case 1:
      application_cursor_ = on;
      return;
    case 3:  // DECCOLM: as if the width had changed; it does not.
      MoveToOriginRelative(0, 0);
      return grid_.EraseRows(0, rows() - 1);
    case 5:
      modes.reverse_video = on;
      return;
    case 6:
      return SetOrigin(on);
    case 7:
      autowrap_ = on;
      return;
    case 25:
      return screen_.SetCursorVisible(on);
    case 9:
    case 1000:
    case 1001:
    case 1002:
    case 1003:
      modes.mouse_mode = on ? static_cast<MouseMode>(mode) : MouseMode::kNone;
      return;
    case 1004:
      modes.focus_events = on;
      return;
    case 1005:
    case 1006:
    case 1015:
      modes.mouse_encoding = on ? static_cast<MouseEncoding>(mode) : MouseEncoding::kDefault;
      return;
    case 1007:
      modes.alternate_scroll = on;
      return;
    case 2004:
      modes.bracketed_paste = on;
      return;
    default:
      if (program()) ProgramMode(mode, on);
  }
}

void Emulator::ProgramMode(int mode, bool on) {
  switch (mode) {
    case 47:
    case 1047:
    case 1049:
      return AlternateScreen(mode, on);
    case 1048:
      return on ? SaveCursor() : RestoreCursor();
    case 69:
      left_right_mode_ = on;
      left_ = 0;
      right_ = columns() - 1;
      return;
    case 2026:
      synchronized_ = on;
      return;
    default:
      return;
  }
}

// Stock homes the cursor under the old setting, which leaves it outside the region.
void Emulator::SetOrigin(bool on) {
  if (program()) origin_ = on;
  MoveToOriginRelative(0, 0);
  origin_ = on;
}

// Exchanges what is shown and what is not. A screen that was never used is blank.
void Emulator::SwitchScreen(bool alternate) {
  if (alternate == alternate_) return;
  alternate_ = alternate;
  if (other_rows_.empty()) {
    other_rows_.assign(rows(), RowRef::Filled(columns(), grid_.blank(), 0));
  }
  screen_.rows_.swap(other_rows_);
  target_row_ = -1;
}

void Emulator::AlternateScreen(int mode, bool on) {
  if (on == alternate_) {
    if (on && mode == 1049) grid_.EraseRows(0, rows() - 1);
    return;
  }
  if (on && mode == 1049) SaveCursor();
  SwitchScreen(on);
  if (mode != 47) {
    // 1047 and 1049 begin with a blank alternate screen and forget it at the end.
    if (on) {
      grid_.EraseRows(0, rows() - 1);
    } else {
      other_rows_.clear();
    }
  }
  if (!on && mode == 1049) RestoreCursor();
}

int Emulator::PrivateModeState(int mode) const {
  const ScreenModes& modes = screen_.modes_;
  const auto report = [](bool set) { return set ? kModeReportSet : kModeReportReset; };
  switch (mode) {
    case 1:
      return report(application_cursor_);
    case 5:
      return report(modes.reverse_video);
    case 6:
      return report(origin_);
    case 7:
      return report(autowrap_);
    case 25:
      return report(screen_.cursor().visible);
    case 9:
    case 1000:
    case 1001:
    case 1002:
    case 1003:
      return report(modes.mouse_mode == static_cast<MouseMode>(mode));
    case 1004:
      return report(modes.focus_events);
    case 1005:
    case 1006:
    case 1015:
      return report(modes.mouse_encoding == static_cast<MouseEncoding>(mode));
    case 1007:
      return report(modes.alternate_scroll);
    case 2004:
      return report(modes.bracketed_paste);
    case 47:
    case 1047:
    case 1049:
      return report(alternate_);
    case 69:
      return report(left_right_mode_);
    case 2026:
      return report(synchronized_);
    default:
      return kModeReportUnknown;
  }
}

void Emulator::ReportMode(int mode, bool dec) {
  int state = kModeReportUnknown;
  if (dec) {
    state = PrivateModeState(mode);
  } else if (mode == 4 || mode == 20) {
    state = (mode == 4 ? insert_ : newline_) ? kModeReportSet : kModeReportReset;
  }
  Reply(absl::StrCat("\x1b[", dec ? "?" : "", mode, ";", state, "$y"));
}

}  // namespace mosh::term
