// Small full-screen programs to type into, each like a kind of program that people use, but the
// same everywhere:
//
//   typing_app suggest    a shell that suggests the rest of the line in grey, as fish and zsh do,
//   and
//                         has a prompt at the right margin
//   typing_app mail       a mail reader like mutt: an index, messages, prompts in the last line
//   typing_app form       a form whose fields are overwritten
//
// Row 0 stays empty, for mosh's notification bar. Each key is answered with one write. Ends with
// its terminal.
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace {

constexpr int kColumns = 80;
constexpr int kRows = 24;
constexpr char kReturn = '\r';
constexpr char kDelete = '\x7f';
constexpr char kKillLine = '\x15';

void Draw(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n <= 0) std::exit(0);
    text.remove_prefix(static_cast<size_t>(n));
  }
}

char ReadByte() {
  char byte;
  if (read(STDIN_FILENO, &byte, 1) != 1) std::exit(0);
  return byte;
}

// A byte as typed; the arrows left and right as 'D' and 'C' with `arrow` set.
struct Key {
  char byte;
  bool arrow = false;
  bool printable() const { return !arrow && byte >= ' ' && byte != kDelete; }
};
Key ReadKey() {
  const char byte = ReadByte();
  if (byte != '\x1b') return {byte};
  ReadByte();  // "[" or "O"
  return {ReadByte(), true};
}

// 1-based, as terminals count.
std::string At(int row, int column) { return absl::StrFormat("\x1b[%d;%dH", row + 1, column + 1); }

// ----- suggest

std::string SuggestionFor(const std::string& line) {
  constexpr absl::string_view kHistory[] = {"git status",
                                            "git commit -m 'work in progress'",
                                            "git push origin main",
                                            "make test",
                                            "ssh build.example.org",
                                            "ls -la",
                                            "vim src/netem/link.cc"};
  if (line.empty()) return "";
  for (const absl::string_view entry : kHistory) {
    if (absl::StartsWith(entry, line)) return std::string(entry.substr(line.size()));
  }
  return "";
}

// The command in green if there is such a command, else in red; the suggestion; the right prompt if
// there is room.
std::string DrawLine(const std::string& line, size_t cursor) {
  constexpr absl::string_view kPrompt = "% ", kRight = "~/src main*";
  const std::string suggestion = SuggestionFor(line);
  const size_t word = std::min(line.find(' '), line.size());
  const absl::string_view command(line.data(), word);
  const bool known = command == "git" || command == "make" || command == "ls" || command == "ssh";
  std::string out = absl::StrCat("\r", kPrompt, known ? "\x1b[32m" : "\x1b[31m", command,
                                 "\x1b[39m", line.substr(word), "\x1b[90m", suggestion, "\x1b[39m");
  const size_t end = kPrompt.size() + line.size() + suggestion.size();
  if (end + 1 + kRight.size() < kColumns) {
    absl::StrAppend(&out, std::string(kColumns - 1 - kRight.size() - end, ' '), kRight);
  } else if (end < kColumns) {
    absl::StrAppend(&out, "\x1b[K");
  }
  absl::StrAppend(&out, "\r\x1b[", kPrompt.size() + cursor, "C");
  return out;
}

[[noreturn]] void Suggest() {
  constexpr size_t kLongest = 76;
  std::string line;
  size_t cursor = 0;
  Draw(absl::StrCat("\r\n\r\n", DrawLine(line, cursor)));
  while (true) {
    const Key key = ReadKey();
    std::string before;
    if (key.arrow && key.byte == 'D') {
      if (cursor > 0) --cursor;
    } else if (key.arrow && cursor < line.size()) {
      ++cursor;
    } else if (key.arrow) {
      line += SuggestionFor(line);
      cursor = line.size();
    } else if (key.byte == kDelete) {
      if (cursor > 0) line.erase(--cursor, 1);
    } else if (key.byte == kKillLine) {
      line.clear();
      cursor = 0;
    } else if (key.byte == kReturn) {
      // What was only suggested goes away first.
      const size_t words = static_cast<size_t>(std::count(line.begin(), line.end(), ' ')) + 1;
      before = absl::StrCat("\r\x1b[", 2 + line.size(), "C\x1b[K\r\n", "ran a command of ", words,
                            " words\r\n");
      line.clear();
      cursor = 0;
    } else if (key.printable() && line.size() < kLongest) {
      line.insert(cursor++, 1, key.byte);
    }
    Draw(before + DrawLine(line, cursor));
  }
}

// ----- mail

class Mail {
 public:
  [[noreturn]] void Run() {
    DrawIndex();
    while (true) {
      const char byte = ReadKey().byte;
      if (byte == 'j' || byte == 'k') {
        Move(byte == 'j' ? 1 : -1);
      } else if (byte == kReturn) {
        ReadMessage();
      } else if (byte == 'm') {
        const std::string to = Ask("To: ");
        Ask("Subject: ");
        Say(absl::StrCat("Mail to ", to, " sent."));
      } else if (byte == 'c') {
        folder_ = Ask("Open mailbox: ");
        selected_ = 0;
        DrawIndex();
      }
    }
  }

 private:
  static constexpr int kFirstRow = 2, kMessages = 20;
  static constexpr int kStatusRow = kRows - 2, kPromptRow = kRows - 1;

  std::string Entry(int i) const {
    constexpr absl::string_view kSenders[] = {"Ada", "Grace", "Edsger", "Barbara", "Ken"};
    const size_t salt = folder_.size() * 3 + static_cast<size_t>(i);
    return absl::StrFormat("%s%3d N   Nov %02d %-12s (%4d) on %s, part %d",
                           i == selected_ ? "->" : "  ", i + 1, 1 + i, kSenders[salt % 5],
                           100 + salt * 37 % 900, folder_, i * i);
  }
  std::string Status() const {
    return absl::StrCat(At(kStatusRow, 0), "\x1b[7m---Mail: =", folder_, " [Msgs:", kMessages,
                        "]---(", selected_ + 1, "/", kMessages, ")---\x1b[K\x1b[m");
  }
  std::string AtSelected() const { return At(kFirstRow + selected_, 0); }

  void DrawIndex() {
    std::string out =
        absl::StrCat("\x1b[2J", At(1, 0),
                     "\x1b[7mq:Quit  m:Mail  c:Change folder  j:Next  k:Previous\x1b[K\x1b[m");
    for (int i = 0; i < kMessages; ++i) absl::StrAppend(&out, At(kFirstRow + i, 0), Entry(i));
    Draw(absl::StrCat(out, Status(), AtSelected()));
  }

  void Move(int step) {
    const int before = selected_;
    selected_ = std::clamp(selected_ + step, 0, kMessages - 1);
    Draw(absl::StrCat(At(kFirstRow + before, 0), Entry(before), At(kFirstRow + selected_, 0),
                      Entry(selected_), Status(), AtSelected()));
  }

  void ReadMessage() {
    for (int page = 0;; ++page) {
      std::string out = absl::StrCat("\x1b[2J", At(1, 0), "Subject: on ", folder_, ", part ",
                                     selected_ * selected_);
      for (int i = 0; i < 18; ++i) {
        absl::StrAppend(&out, At(3 + i, 0), "Line ", page * 18 + i + 1, " of message ",
                        selected_ + 1, " in the folder ", folder_);
      }
      absl::StrAppend(&out, At(kStatusRow, 0), "\x1b[7m-- message ", selected_ + 1, " page ",
                      page + 1, " --\x1b[K\x1b[m", At(kPromptRow, 0));
      Draw(out);
      if (ReadKey().byte != ' ') break;
    }
    DrawIndex();
  }

  std::string Ask(absl::string_view prompt) {
    std::string answer;
    while (true) {
      Draw(absl::StrCat(At(kPromptRow, 0), prompt, answer, "\x1b[K"));
      const Key key = ReadKey();
      if (key.byte == kReturn) break;
      if (key.byte == kDelete && !answer.empty()) answer.pop_back();
      if (key.printable()) answer += key.byte;
    }
    Draw(absl::StrCat(At(kPromptRow, 0), "\x1b[K", AtSelected()));
    return answer;
  }

  void Say(const std::string& text) { Draw(absl::StrCat(At(kPromptRow, 0), text, AtSelected())); }

  std::string folder_ = "inbox";
  int selected_ = 0;
};

// ----- form

class Form {
 public:
  [[noreturn]] void Run() {
    std::string out = absl::StrCat("\x1b[2J", At(2, 10), "APPLICATION FOR A NEW NUMBER");
    for (const Field& field : fields_) {
      absl::StrAppend(&out, At(field.row, 5), field.label, At(field.row, kFieldColumn), field.text);
    }
    Draw(absl::StrCat(out, At(kRows - 2, 5), "TAB next field", AtCursor()));
    while (true) Answer(ReadKey());
  }

 private:
  static constexpr int kFieldColumn = 24;
  struct Field {
    int row;
    absl::string_view label;
    std::string text;  // as wide as the field
  };

  std::string AtCursor() const { return At(fields_[field_].row, kFieldColumn + column_); }
  void NextField() {
    field_ = (field_ + 1) % fields_.size();
    column_ = 0;
  }

  void Answer(Key key) {
    Field& field = fields_[field_];
    const int width = static_cast<int>(field.text.size());
    std::string out;
    if (key.arrow) {
      column_ = std::clamp(column_ + (key.byte == 'C' ? 1 : -1), 0, width - 1);
    } else if (key.byte == kDelete) {
      if (column_ > 0) --column_;
      field.text[static_cast<size_t>(column_)] = '_';
      out = absl::StrCat(AtCursor(), "_");
    } else if (key.printable()) {
      field.text[static_cast<size_t>(column_)] = key.byte;
      out = std::string(1, key.byte);
      if (++column_ == width) NextField();
    } else {
      NextField();
    }
    Draw(absl::StrCat(out, AtCursor()));
  }

  std::vector<Field> fields_ = {
      {5, "Family name", "________________"},
      {7, "Given name", "MARTHA__________"},
      {9, "Born (YYYYMMDD)", "________"},
      {11, "Town", "ROTTERDAM_______"},
      {13, "Remarks", "______________________________"},
  };
  size_t field_ = 0;
  int column_ = 0;
};

void MakeRaw() {
  termios tty;
  if (tcgetattr(STDIN_FILENO, &tty) != 0) {
    std::perror("typing_app needs a terminal");
    std::exit(1);
  }
  cfmakeraw(&tty);
  tcsetattr(STDIN_FILENO, TCSANOW, &tty);
}

}  // namespace

int main(int argc, char** argv) {
  const absl::string_view mode = argc == 2 ? argv[1] : "";
  if (mode == "suggest") {
    MakeRaw();
    Suggest();
  } else if (mode == "mail") {
    MakeRaw();
    Mail().Run();
  } else if (mode == "form") {
    MakeRaw();
    Form().Run();
  }
  std::fprintf(stderr, "usage: typing_app suggest | mail | form\n");
  return 2;
}
