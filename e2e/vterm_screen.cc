#include "e2e/vterm_screen.h"

#include <vterm.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace mosh::e2e {
namespace {

void AppendUtf8(std::string* out, uint32_t c) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xc0 | c >> 6));
    out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | c >> 12));
    out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xf0 | c >> 18));
    out->push_back(static_cast<char>(0x80 | (c >> 12 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

std::string ColorName(const VTermColor& color) {
  if (VTERM_COLOR_IS_DEFAULT_FG(&color) || VTERM_COLOR_IS_DEFAULT_BG(&color)) return "default";
  if (VTERM_COLOR_IS_INDEXED(&color)) return absl::StrCat("i", color.indexed.idx);
  return absl::StrFormat("#%02x%02x%02x", color.rgb.red, color.rgb.green, color.rgb.blue);
}

ScreenCell Convert(const VTermScreenCell& from) {
  ScreenCell cell;
  cell.width = from.width;
  for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && from.chars[i] != 0; ++i) {
    AppendUtf8(&cell.text, from.chars[i]);
  }
  // libvterm marks the right half of a wide character so.
  if (from.chars[0] == static_cast<uint32_t>(-1)) {
    cell.text.clear();
    return cell;
  }
  if (cell.text.empty()) cell.text = " ";
  cell.underline = from.attrs.underline;
  cell.reverse = from.attrs.reverse;
  cell.strike = from.attrs.strike;
  cell.background = ColorName(from.bg);
  const bool ink = cell.text != " " || cell.underline != 0 || cell.strike || cell.reverse;
  cell.foreground = ink ? ColorName(from.fg) : "default";
  if (cell.text != " ") {
    cell.bold = from.attrs.bold;
    cell.italic = from.attrs.italic;
    cell.blink = from.attrs.blink;
  }
  return cell;
}

std::string Describe(const ScreenCell& cell) {
  std::string out = absl::StrCat("'", cell.text, "' ", cell.foreground, " on ", cell.background);
  if (cell.width != 1) absl::StrAppend(&out, " width ", cell.width);
  if (cell.bold) absl::StrAppend(&out, " bold");
  if (cell.italic) absl::StrAppend(&out, " italic");
  if (cell.blink) absl::StrAppend(&out, " blink");
  if (cell.reverse) absl::StrAppend(&out, " reverse");
  if (cell.strike) absl::StrAppend(&out, " strike");
  if (cell.underline != 0) absl::StrAppend(&out, " underline ", cell.underline);
  return out;
}

}  // namespace

std::string ScreenImage::RowText(int row) const {
  std::string text;
  for (int column = 0; column < size.columns; ++column) text += at(row, column).text;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string ScreenImage::Text() const {
  std::string text;
  for (int row = 0; row < size.rows; ++row) text += RowText(row) + "\n";
  return text;
}

std::string Difference(const ScreenImage& expected, const ScreenImage& actual, int limit) {
  if (!(expected.size == actual.size)) {
    return absl::StrCat("size: expected ", expected.size.columns, "x", expected.size.rows, ", is ",
                        actual.size.columns, "x", actual.size.rows, "\n");
  }
  std::string out;
  int differing = 0;
  for (int row = 0; row < expected.size.rows; ++row) {
    for (int column = 0; column < expected.size.columns; ++column) {
      const ScreenCell& want = expected.at(row, column);
      const ScreenCell& have = actual.at(row, column);
      if (want == have || ++differing > limit) continue;
      absl::StrAppend(&out, "row ", row, " column ", column, ": expected ", Describe(want), ", is ",
                      Describe(have), "\n");
    }
  }
  if (differing > limit) absl::StrAppend(&out, "and ", differing - limit, " more cells\n");
  if (expected.cursor_row != actual.cursor_row || expected.cursor_column != actual.cursor_column ||
      expected.cursor_visible != actual.cursor_visible) {
    absl::StrAppend(&out, "cursor: expected ", expected.cursor_row, ",", expected.cursor_column,
                    expected.cursor_visible ? "" : " hidden", ", is ", actual.cursor_row, ",",
                    actual.cursor_column, actual.cursor_visible ? "" : " hidden", "\n");
  }
  return out;
}

struct VtermScreen::Callbacks {
  static int SetProperty(VTermProp property, VTermValue* value, void* user) {
    VtermScreen* self = static_cast<VtermScreen*>(user);
    if (property == VTERM_PROP_ALTSCREEN) self->alternate_ = value->boolean;
    if (property == VTERM_PROP_CURSORVISIBLE) self->cursor_visible_ = value->boolean;
    if (property == VTERM_PROP_MOUSE) self->mouse_ = value->number;
    return 1;
  }
  static int Bell(void* user) {
    ++static_cast<VtermScreen*>(user)->bells_;
    return 1;
  }
  static void Output(const char* bytes, size_t length, void* user) {
    static_cast<VtermScreen*>(user)->replies_.append(bytes, length);
  }
};

VtermScreen::VtermScreen(TerminalSize size)
    : vterm_(vterm_new(size.rows, size.columns)), screen_(vterm_obtain_screen(vterm_)) {
  static const VTermScreenCallbacks kCallbacks = {
      .damage = nullptr,
      .moverect = nullptr,
      .movecursor = nullptr,
      .settermprop = Callbacks::SetProperty,
      .bell = Callbacks::Bell,
      .resize = nullptr,
      .sb_pushline = nullptr,
      .sb_popline = nullptr,
  };
  vterm_set_utf8(vterm_, 1);
  vterm_output_set_callback(vterm_, Callbacks::Output, this);
  vterm_screen_set_callbacks(screen_, &kCallbacks, this);
  vterm_screen_enable_altscreen(screen_, 1);
  vterm_screen_reset(screen_, 1);
}

VtermScreen::~VtermScreen() { vterm_free(vterm_); }

void VtermScreen::Feed(absl::string_view bytes) {
  TrackModes(bytes);
  vterm_input_write(vterm_, bytes.data(), bytes.size());
  vterm_screen_flush_damage(screen_);
}

void VtermScreen::Resize(TerminalSize size) { vterm_set_size(vterm_, size.rows, size.columns); }

std::string VtermScreen::TakeReplies() { return std::exchange(replies_, {}); }

TerminalSize VtermScreen::size() const {
  TerminalSize size;
  vterm_get_size(vterm_, &size.rows, &size.columns);
  return size;
}

ScreenImage VtermScreen::Image() const {
  ScreenImage image;
  image.size = size();
  image.cells.reserve(image.size.rows * image.size.columns);
  for (int row = 0; row < image.size.rows; ++row) {
    for (int column = 0; column < image.size.columns; ++column) {
      VTermScreenCell cell;
      vterm_screen_get_cell(screen_, {row, column}, &cell);
      image.cells.push_back(Convert(cell));
    }
  }
  CursorPosition(&image.cursor_row, &image.cursor_column);
  image.cursor_visible = cursor_visible_;
  return image;
}

std::vector<char32_t> VtermScreen::Characters() const {
  const TerminalSize size = this->size();
  std::vector<char32_t> characters;
  characters.reserve(size.rows * size.columns);
  for (int row = 0; row < size.rows; ++row) {
    for (int column = 0; column < size.columns; ++column) {
      VTermScreenCell cell;
      vterm_screen_get_cell(screen_, {row, column}, &cell);
      characters.push_back(cell.chars[0] != 0 ? cell.chars[0] : U' ');
    }
  }
  return characters;
}

void VtermScreen::CursorPosition(int* row, int* column) const {
  VTermPos cursor;
  vterm_state_get_cursorpos(vterm_obtain_state(vterm_), &cursor);
  *row = cursor.row;
  *column = cursor.col;
}

bool VtermScreen::Contains(absl::string_view text) const { return absl::StrContains(Text(), text); }

bool VtermScreen::private_mode(int number) const {
  const auto found = modes_.find(number);
  return found != modes_.end() && found->second;
}

void VtermScreen::TrackModes(absl::string_view bytes) {
  constexpr absl::string_view kStart = "\x1b[?";
  for (const char c : bytes) {
    if (c == '\x1b') partial_.clear();
    const bool starting = partial_.size() < kStart.size();
    if (starting) {
      if (c == kStart[partial_.size()]) {
        partial_ += c;
      } else {
        partial_.clear();
      }
      continue;
    }
    if (absl::ascii_isdigit(c) || c == ';') {
      partial_ += c;
      continue;
    }
    if (c == 'h' || c == 'l') {
      for (absl::string_view word : absl::StrSplit(absl::string_view(partial_).substr(3), ';')) {
        int number;
        if (absl::SimpleAtoi(word, &number)) modes_[number] = c == 'h';
      }
    }
    partial_.clear();
  }
}

}  // namespace mosh::e2e
