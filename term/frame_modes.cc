#include "term/frame_modes.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mosh::term {
namespace {

// An emulator looks at no more of an OSC string (docs/spec/terminal.md §7).
constexpr int kMaxTitleCharacters = 254;

// Text for inside an OSC: without control characters, which would end it.
std::string Printable(absl::string_view text) {
  std::string printable;
  int characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (c1 || byte < 0x20 || byte == 0x7F) continue;
    const bool starts = (byte & 0xC0) != 0x80;
    if (starts && ++characters > kMaxTitleCharacters) break;
    printable.push_back(text[i]);
  }
  return printable;
}

void AppendTitles(const Screen* from, const Screen& to, std::string* out) {
  const bool icon = from == nullptr || from->icon_name() != to.icon_name();
  const bool title = from == nullptr || from->title() != to.title();
  if ((icon && title) && to.icon_name() == to.title()) {
    absl::StrAppend(out, "\x1b]0;", Printable(to.title()), "\a");
    return;
  }
  if (icon) absl::StrAppend(out, "\x1b]1;", Printable(to.icon_name()), "\a");
  if (title) absl::StrAppend(out, "\x1b]2;", Printable(to.title()), "\a");
}

// Base64 as it came; anything else in it is dropped, so that it stays inside its string.
std::string ClipboardText(absl::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c > 0x20 && c < 0x7F) clean.push_back(c);
  }
  return clean;
}

// Private modes to set and to reset. For an emulator of ours or stock's all in one sequence; for a
// real terminal one sequence each: those built on libvterm up to 0.1.4 (Vim's and Emacs' terminals
// among them) look at the first mode only.
class ModeList {
 public:
  explicit ModeList(bool real) : real_(real) {}

  void Add(int mode, bool on) {
    std::string& list = on ? set_ : reset_;
    if (real_ && !list.empty())
      absl::StrAppend(&list, on ? "h" : "l", "\x1b[?", mode);
    else
      absl::StrAppend(&list, ";", mode);
  }
  // Resets first: on some terminals one mode of a group switches off the others.
  void AppendTo(std::string* out) const {
    if (!reset_.empty()) absl::StrAppend(out, "\x1b[?", Tail(reset_), "l");
    if (!set_.empty()) absl::StrAppend(out, "\x1b[?", Tail(set_), "h");
  }

 private:
  static absl::string_view Tail(const std::string& list) {
    return absl::string_view(list).substr(1);
  }
  bool real_;
  std::string set_;
  std::string reset_;
};

// One of a group of modes is on, or none (0).
void AddGroup(int from, int to, bool real, ModeList* modes) {
  if (from == to) return;
  // Emulators replace one by the other.
  if (from != 0 && (to == 0 || real)) modes->Add(from, false);
  if (to != 0) modes->Add(to, true);
}

void AddDifferences(const Screen& from, const Screen& to, bool real, ModeList* modes) {
  const ScreenModes& old = from.modes();
  const ScreenModes& now = to.modes();
  const auto add = [&](int mode, bool before, bool after) {
    if (before != after) modes->Add(mode, after);
  };
  add(5, old.reverse_video, now.reverse_video);
  add(25, from.cursor().visible, to.cursor().visible);
  add(1004, old.focus_events, now.focus_events);
  add(1007, old.alternate_scroll, now.alternate_scroll);
  add(2004, old.bracketed_paste, now.bracketed_paste);
  AddGroup(static_cast<int>(old.mouse_mode), static_cast<int>(now.mouse_mode), real, modes);
  AddGroup(static_cast<int>(old.mouse_encoding), static_cast<int>(now.mouse_encoding), real, modes);
}

void AddEverything(const Screen& to, bool real, ModeList* modes) {
  const ScreenModes& now = to.modes();
  modes->Add(5, now.reverse_video);
  modes->Add(25, to.cursor().visible);
  modes->Add(1004, now.focus_events);
  // Off is not everybody's default; a user's choice stays.
  if (now.alternate_scroll || !real) modes->Add(1007, now.alternate_scroll);
  modes->Add(2004, now.bracketed_paste);
  for (const int mode : {9, 1000, 1001, 1002, 1003}) modes->Add(mode, false);
  for (const int mode : {1005, 1006, 1015}) modes->Add(mode, false);
  AddGroup(0, static_cast<int>(now.mouse_mode), real, modes);
  AddGroup(0, static_cast<int>(now.mouse_encoding), real, modes);
}

}  // namespace

void AppendBellAndTexts(const Screen* from, const Screen& to, const RenderOptions& options,
                        std::string* out) {
  const bool real = options.target == RenderTarget::kRealTerminal;
  if (from != nullptr && from->bell_count() != to.bell_count()) out->push_back('\a');
  // What shows a title that nobody has set is the reader's business.
  const bool titled = from != nullptr || to.title_set();
  if (titled && (options.title || !real)) AppendTitles(from, to, out);
  if (from == nullptr) {
    // What the user has copied since must stay.
    if (real || to.clipboard().empty()) return;
  } else if (from->clipboard_count() == to.clipboard_count() &&
             from->clipboard() == to.clipboard()) {
    return;
  }
  // A program's reset empties its own clipboard, not the user's.
  if (real && to.clipboard().empty()) return;
  absl::StrAppend(out, "\x1b]52;c;", ClipboardText(to.clipboard()), "\a");
}

void AppendModes(const Screen* from, const Screen& to, const RenderOptions& options,
                 std::string* out) {
  const bool real = options.target == RenderTarget::kRealTerminal;
  const CursorShape old_shape = from == nullptr ? CursorShape::kDefault : from->cursor().shape;
  if (old_shape != to.cursor().shape) {
    absl::StrAppend(out, "\x1b[", static_cast<int>(to.cursor().shape), " q");
  }
  ModeList modes(real);
  if (from == nullptr) {
    AddEverything(to, real, &modes);
  } else {
    AddDifferences(*from, to, real, &modes);
  }
  modes.AppendTo(out);
}

}  // namespace mosh::term
