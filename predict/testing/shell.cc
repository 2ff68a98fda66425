#include "predict/testing/shell.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::predict {
namespace {

constexpr std::array<absl::string_view, 6> kKnownCommands = {
    "git status --short", "git commit -m message", "make -j8 all",
    "ls -la /var/log",    "cd /usr/share/doc",     "grep -rn needle src"};

}  // namespace

void Shell::Start() {
  // The rows above the last scroll by themselves.
  if (!style_.status_line.empty()) {
    print(0, absl::StrCat("\x1b[24H", style_.status_line, "\x1b[1;23r\x1b[H"), nullptr);
  }
  Prompt();
}

void Shell::OnInput(absl::string_view bytes) {
  for (const char byte : bytes) Byte(byte);
}

term::TerminalModes Shell::modes() const {
  if (mode_ == Mode::kLine) return {.foreground = 1};
  const bool secret = mode_ == Mode::kSecret;
  return {.echo = !secret, .canonical = !(secret && asking_.raw), .foreground = 2};
}

void Shell::Byte(char byte) {
  switch (mode_) {
    case Mode::kLine:
      return LineByte(byte);
    case Mode::kBusy:
      if (!asking_.typed_ahead_shows) {
        typed_ahead_ += byte;
        return;
      }
      [[fallthrough]];
    case Mode::kAsked:
      // The line discipline's echo; who asks for secrets discards what was typed before.
      if (byte >= ' ') print(0, std::string(1, byte), nullptr);
      return;
    case Mode::kSecret:
      return SecretByte(byte);
  }
}

void Shell::SecretByte(char byte) {
  if (byte != '\r') {
    if (asking_.masked) print(0, byte >= ' ' && byte != '\x7f' ? "*" : "", nullptr);
    return;
  }
  asked_ = false;
  mode_ = Mode::kBusy;
  const int after = static_cast<int>(random_() % 200);
  if (asking_.refusals-- > 0) {
    print(after, "\r\nSorry, try again.\r\n", [this] { Ask(0); });
    return;
  }
  asking_ = {};
  print(after, "\r\n", [this] { Prompt(); });
}

void Shell::LineByte(char byte) {
  if (!escape_.empty()) {
    escape_ += byte;
    const bool alt = escape_.size() == 2 && byte != '[';
    if (!alt && (escape_.size() < 3 || byte < '@')) return;
    return Sequence(std::exchange(escape_, {}));
  }
  switch (byte) {
    case '\x1b':
      escape_.push_back(byte);
      return;
    case '\r':
      return Return();
    case '\x01':
      cursor_ = 0;
      break;
    case '\x05':
      cursor_ = buffer_.size();
      break;
    case '\x15':
      buffer_.erase(0, cursor_);
      cursor_ = 0;
      break;
    case '\x0b':
      buffer_.erase(cursor_);
      break;
    case '\x17': {
      size_t from = cursor_;
      while (from > 0 && buffer_[from - 1] == ' ') --from;
      while (from > 0 && buffer_[from - 1] != ' ') --from;
      buffer_.erase(from, cursor_ - from);
      cursor_ = from;
      break;
    }
    case '\x7f':
      if (cursor_ > 0) buffer_.erase(--cursor_, 1);
      break;
    default:
      if (byte < ' ') return;
      buffer_.insert(cursor_++, 1, byte);
  }
  Redraw();
}

void Shell::Sequence(absl::string_view sequence) {
  if (sequence == "\x1b[D" && cursor_ > 0) --cursor_;
  if (sequence == "\x1b[C" && cursor_ < buffer_.size()) ++cursor_;
  if (sequence == "\x1b[H") cursor_ = 0;
  if (sequence == "\x1b[F") cursor_ = buffer_.size();
  if (sequence ==
      "\x1b"
      "b") {
    while (cursor_ > 0 && buffer_[cursor_ - 1] == ' ') --cursor_;
    while (cursor_ > 0 && buffer_[cursor_ - 1] != ' ') --cursor_;
  }
  Redraw();
}

void Shell::Return() {
  buffer_.clear();
  cursor_ = 0;
  if (!question_) {
    mode_ = Mode::kBusy;
    print(0, "\x1b[K\r\n", nullptr);
    const std::string output = random_() % 2 == 0 ? "" : "one line of output\r\n";
    print(static_cast<int>(random_() % 100), output, [this] { Prompt(); });
    return;
  }
  asking_ = *std::exchange(question_, std::nullopt);
  mode_ = asking_.typed_ahead_shows ? Mode::kBusy : Mode::kSecret;
  print(0, "\x1b[K\r\n", nullptr);
  Ask(asking_.after_ms);
}

void Shell::Ask(int after_ms) {
  print(after_ms, asking_.text, [this] {
    const auto hide = [this] {
      typed_ahead_.clear();
      mode_ = Mode::kSecret;
      asked_ = true;
    };
    if (asking_.echo_ends_ms == 0) return hide();
    mode_ = Mode::kAsked;
    print(asking_.echo_ends_ms, "", hide);
  });
}

void Shell::Prompt() {
  mode_ = Mode::kLine;
  Redraw();
  OnInput(std::exchange(typed_ahead_, {}));
}

std::string Shell::Suggestion(absl::string_view line, size_t cursor) const {
  if (!style_.suggests || line.empty() || cursor != line.size()) return "";
  for (const absl::string_view command : kKnownCommands) {
    if (command.size() > line.size() && command.substr(0, line.size()) == line) {
      return std::string(command.substr(line.size()));
    }
  }
  return "";
}

std::string Shell::LineText(absl::string_view line, size_t cursor) const {
  std::string text = absl::StrCat("\r", style_.prompt, line);
  const std::string suggestion = Suggestion(line, cursor);
  if (!suggestion.empty()) absl::StrAppend(&text, "\x1b[90m", suggestion, "\x1b[m");
  absl::StrAppend(&text, "\x1b[K");
  if (!style_.right_prompt.empty()) {
    absl::StrAppend(&text, "\x1b[", 80 - style_.right_prompt.size(), "G", style_.right_prompt);
  }
  absl::StrAppend(&text, "\x1b[", style_.prompt.size() + cursor + 1, "G");
  return text;
}

}  // namespace mosh::predict
