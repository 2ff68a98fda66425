#include "term/testing/random_program.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mosh::term {
namespace {

class Generator {
 public:
  Generator(const Choose& choose, Size size) : choose_(choose), size_(size) {}

  std::string Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    return std::move(out_);
  }

 private:
  template <size_t n>
  absl::string_view OneOf(const absl::string_view (&items)[n]) {
    return items[choose_(n)];
  }
  int Row() { return static_cast<int>(choose_(size_.rows)) + 1; }
  int Column() { return static_cast<int>(choose_(size_.columns)) + 1; }
  int Count() { return static_cast<int>(choose_(choose_(4) == 0 ? 30 : 4)); }

  void Step() {
    switch (choose_(16)) {
      case 0:
      case 1:
      case 2:
        return Word();
      case 3:
        return Line();
      case 4:
        return Strange();
      case 5:
        absl::StrAppend(&out_, "\x1b[", Row(), ";", Column(), "H");
        return;
      case 6:
        return Absorb(OneOf({"\r\n", "\r\n", "\r\n", "\n", "\r", "\b", "\t", "\x1bM", "\a"}));
      case 7:
      case 8:
        return Rendition();
      case 9:
        absl::StrAppend(&out_, "\x1b[", choose_(3), OneOf({"K", "K", "J"}));
        return;
      case 10:
        absl::StrAppend(&out_, "\x1b[", Count(),
                        OneOf({"X", "@", "P", "L", "M", "S", "T", "A", "B", "C", "D", "G", "d"}));
        return;
      case 11:
        return Region();
      case 12:
        return Mode();
      case 13:
        return Scroll();
      case 14:
        if (choose_(4) == 0) return Text();
        return Word();
      default:
        return EditInLine();
    }
  }

  void Absorb(absl::string_view text) { out_.append(text.data(), text.size()); }

  void Word() {
    Absorb(OneOf({"a", "ls -l", "foo bar", "  ", "x    y", "hello, world", "~", "|", "$ ",
                  "the quick brown fox", "aaaa", "0123456789"}));
  }

  // Text longer than a row wraps.
  void Line() {
    const int length = 1 + static_cast<int>(choose_(2 * size_.columns + 1));
    for (int i = 0; i < length; ++i) out_.push_back(static_cast<char>('a' + i % 26));
  }

  void Strange() {
    Absorb(OneOf({"中",      "文字", "한글",   "e\u0301", "\u0301", "😀",      "🦀",
                  "é",       "─",    "│",      "█",       "\u00A0", "ก\u0E31", "👩\u200D💻",
                  "❤\uFE0F", "🇩🇪",   "\u00AD", "\uFFFD",  "ｗ",     "\u1160"}));
  }

  void Rendition() {
    if (choose_(3) == 0) return Absorb("\x1b[m");
    absl::StrAppend(&out_, "\x1b[", choose_(4) == 0 ? "0;" : "",
                    OneOf({"1",       "2",       "3",       "4",          "5",
                           "7",       "8",       "9",       "21",         "22",
                           "24",      "27",      "29",      "53",         "55",
                           "31",      "44",      "92",      "103",        "38;5;200",
                           "48;5;17", "39",      "49",      "38;2;1;2;3", "48;2;255;254;253",
                           "4:3",     "1;31;44", "0;1;4;36"}),
                    "m");
  }

  void Region() {
    if (choose_(2) == 0) return Absorb("\x1b[r");
    absl::StrAppend(&out_, "\x1b[", Row(), ";", Row(), "r");
  }

  void Mode() {
    if (choose_(12) == 0)
      return Absorb(
          OneOf({"\x1b"
                 "c",
                 "\x1b[!p", "\x1b[2J\x1b[H", "\x1b#8"}));
    if (choose_(8) == 0) {
      absl::StrAppend(&out_, "\x1b[", choose_(7), " q");
      return;
    }
    absl::StrAppend(&out_, "\x1b[",
                    OneOf({"?1049", "?7", "?25", "?5", "?2004", "?1004", "?1000", "?1002", "?9",
                           "?1006", "?1015", "?1007", "4", "?6"}),
                    choose_(2) == 0 ? "h" : "l");
  }

  // Lines at the bottom, or in the middle of the screen, as editors do.
  void Scroll() {
    if (choose_(2) == 0) {
      absl::StrAppend(&out_, "\x1b[", size_.rows, ";1H");
      for (uint32_t i = choose_(4) + 1; i > 0; --i) {
        absl::StrAppend(&out_, "\r\nline ", choose_(1000));
      }
      return;
    }
    absl::StrAppend(&out_, "\x1b[", Row(), ";1H\x1b[", Count(), OneOf({"L", "M"}), "new ",
                    choose_(100));
  }

  void Text() {
    absl::StrAppend(&out_, OneOf({"\x1b]0;", "\x1b]1;", "\x1b]2;"}), "title ", choose_(3), "\a");
    if (choose_(3) == 0) {
      absl::StrAppend(&out_, "\x1b]52;c;", OneOf({"", "aGVsbG8=", "eA=="}), "\a");
    }
  }

  // A shell's line editor in the middle of a line.
  void EditInLine() {
    absl::StrAppend(&out_, "\x1b[", Column(), "G",
                    OneOf({"\x1b[@x", "\x1b[P", "\x1b[2@xy", "\x1b[2P"}));
  }

  const Choose& choose_;
  const Size size_;
  std::string out_;
};

}  // namespace

std::string RandomProgram(const Choose& choose, Size size, int steps) {
  return Generator(choose, size).Run(steps);
}

}  // namespace mosh::term
