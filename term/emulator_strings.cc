// OSC and DCS: titles and clipboard; requests for settings (docs/spec/terminal.md §7 "OSC", xterm
// ctlseqs).
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "term/emulator.h"
#include "term/width.h"

namespace mosh::term {
namespace {

constexpr int kMaxTitleCharacters = 254;
constexpr size_t kMaxTitleStack = 10;  // As xterm's.

// The first `most` characters; a program's title is cut before a cluster that would be cut in two.
absl::string_view CutTitle(absl::string_view text, int most, bool whole_clusters) {
  size_t length = 0;
  size_t last_base = 0;
  for (int count = 0; length < text.size(); ++count) {
    const DecodedCodePoint next = DecodeUtf8Prefix(text.substr(length));
    const bool joins = CodePointWidth(next.code_point) == 0;
    if (count == most) {
      return text.substr(0, joins && whole_clusters ? last_base : length);
    }
    if (!joins) last_base = length;
    length += next.length;
  }
  return text;
}

bool IsBase64(absl::string_view text) {
  for (const char c : text) {
    const bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!digit && c != '+' && c != '/' && c != '=') return false;
  }
  return true;
}

}  // namespace

void Emulator::OscDispatch(absl::string_view text, bool complete, bool cancelled) {
  if (program()) {
    if (cancelled) return;  // Stock applies it all the same.
    if (absl::StartsWith(text, "52;")) return ProgramClipboard(text.substr(3), complete);
  } else if (absl::ConsumePrefix(&text, "52;c;")) {
    return screen_.SetClipboard(text);
  }
  if (absl::StartsWith(text, ";")) return SetTitles(text, true, true);
  if (absl::StartsWith(text, "0;")) return SetTitles(text, true, true);
  if (absl::StartsWith(text, "1;")) return SetTitles(text, true, false);
  if (absl::StartsWith(text, "2;")) return SetTitles(text, false, true);
}

void Emulator::SetTitles(absl::string_view text, bool icon, bool title) {
  const size_t number = text.find(';') + 1;
  // Stock counts 256 with what stands before the title. The form without a number so has room for
  // 255, and such a title could not be told to a peer in any other form: programs get 254 in every
  // form.
  const int most = kMaxTitleCharacters + (program() ? static_cast<int>(number) : 2);
  std::string name(CutTitle(text, most, program()).substr(number));
  // DEL may stand in an OSC but is no text; terminals that would be told of it drop it or worse.
  if (program()) std::erase(name, '\x7f');
  if (icon) screen_.SetIconName(name);
  if (title) screen_.SetTitle(name);
}

// `selectors;data`. Sets the clipboard if it is meant (c, s, or nothing named). A query would let
// the program read the user's clipboard: refused. So is what is too long to be whole, and what is
// not base64.
void Emulator::ProgramClipboard(absl::string_view text, bool complete) {
  const size_t semicolon = text.find(';');
  if (semicolon == absl::string_view::npos || !complete) return;
  const absl::string_view selectors = text.substr(0, semicolon);
  const absl::string_view data = text.substr(semicolon + 1);
  const bool clipboard =
      selectors.empty() || absl::StrContains(selectors, "c") || absl::StrContains(selectors, "s");
  if (clipboard && IsBase64(data)) screen_.SetClipboard(data);
}

void Emulator::DcsDispatch(const Sequence& sequence, absl::string_view body, bool complete,
                           bool cancelled) {
  if (!program() || cancelled || !complete) return;
  if (sequence.key() == Sequence::Key("$q")) ReportSetting(body);
  if (sequence.key() == Sequence::Key("+q")) Reply("\x1bP0+r\x1b\\");  // XTGETTCAP: nothing known.
}

// XTWINOPS: the size in cells, and the title stack. Titles are not reported: an attacker could have
// set them.
void Emulator::WindowOperation(const Sequence& sequence) {
  const int what = sequence.Get(1, 0);
  const bool icon = what == 0 || what == 1;
  const bool title = what == 0 || what == 2;
  switch (sequence.Get(0, 0)) {
    case 18:
      return Reply(absl::StrCat("\x1b[8;", rows(), ";", columns(), "t"));
    case 19:
      return Reply(absl::StrCat("\x1b[9;", rows(), ";", columns(), "t"));
    case 22:
      if (!icon && !title) return;
      if (title_stack_.size() == kMaxTitleStack) title_stack_.erase(title_stack_.begin());
      title_stack_.emplace_back(screen_.title(), screen_.icon_name());
      return;
    case 23: {
      if (title_stack_.empty()) return;
      const auto [old_title, old_icon] = std::move(title_stack_.back());
      title_stack_.pop_back();
      if (title) screen_.SetTitle(old_title);
      if (icon) screen_.SetIconName(old_icon);
      return;
    }
    default:
      return;
  }
}

}  // namespace mosh::term
