// Answers to a program's questions (docs/spec/terminal.md §7 "Reports", DEC STD 070, xterm
// ctlseqs).
#include "absl/strings/str_cat.h"
#include "term/emulator.h"
#include "term/sgr.h"

namespace mosh::term {
namespace {

constexpr size_t kMaxReplies = 65536;

}  // namespace

void Emulator::Reply(absl::string_view bytes) {
  // A client must never answer what arrives in a diff.
  if (!program() || replies_.size() + bytes.size() > kMaxReplies) return;
  replies_.append(bytes.data(), bytes.size());
}

void Emulator::DeviceStatus(int what, bool dec) {
  if (what == 5 && !dec) return Reply("\x1b[0n");
  if (what != 6) return;
  const int report_row = row() - (origin_ ? top_ : 0) + 1;
  const int report_column = column() - (origin_ ? left_ : 0) + 1;
  Reply(absl::StrCat("\x1b[", dec ? "?" : "", report_row, ";", report_column, "R"));
}

// DECRQSS: how a control function is set at present.
void Emulator::ReportSetting(absl::string_view request) {
  std::string setting;
  if (request == "m") {
    setting = absl::StrCat(SgrParameters(screen_.current_rendition()), "m");
  } else if (request == "r") {
    setting = absl::StrCat(top_ + 1, ";", bottom_ + 1, "r");
  } else if (request == "s") {
    setting = absl::StrCat(left_ + 1, ";", right_ + 1, "s");
  } else if (request == " q") {
    setting = absl::StrCat(static_cast<int>(screen_.cursor().shape), " q");
  } else if (request == "\"q") {
    setting = absl::StrCat(protect_ ? 1 : 0, "\"q");
  } else if (request == "\"p") {
    setting = "62;1\"p";
  }
  if (setting.empty()) return Reply("\x1bP0$r\x1b\\");
  Reply(absl::StrCat("\x1bP1$r", setting, "\x1b\\"));
}

}  // namespace mosh::term
