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

void Shell::Start() { Prompt(); }

void Shell::OnInput(absl::string_view bytes) {
  for (const char byte : bytes) Byte(byte);
}

void Shell::AskSecretNext(std::string question, int delay_ms, bool echoes_meanwhile) {
  question_ = std::move(question);
  question_delay_ms_ = delay_ms;
  echoes_meanwhile_ = echoes_meanwhile;
}

void Shell::Byte(char byte) {
  switch (mode_) {
    case Mode::kLine:
      return LineByte(byte);
    case Mode::kBusy:
      if (!echoes_meanwhile_) {
        typed_ahead_ += byte;
      } else if (byte >= ' ') {
        // The line discipline's echo; who asks for secrets discards what was typed before.
        print(0, std::string(1, byte), nullptr);
      }
      return;
    case Mode::kSecret:
      if (byte != '\r') return;
      mode_ = Mode::kBusy;
      asked_ = false;
      print(static_cast<int>(random_() % 200), "\r\n", [this] { Prompt(); });
      return;
  }
}

void Shell::LineByte(char byte) {
  if (!escape_.empty()) {
    escape_ += byte;
    if (escape_.size() < 3) return;
    escape_.clear();
    return Sequence(byte);
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
    case '\x7f':
      if (cursor_ > 0) buffer_.erase(--cursor_, 1);
      break;
    default:
      if (byte < ' ') return;
      buffer_.insert(cursor_++, 1, byte);
  }
  Redraw();
}

void Shell::Sequence(char final) {
  if (final == 'D' && cursor_ > 0) --cursor_;
  if (final == 'C' && cursor_ < buffer_.size()) ++cursor_;
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
  mode_ = echoes_meanwhile_ ? Mode::kBusy : Mode::kSecret;
  print(0, "\x1b[K\r\n", nullptr);
  print(question_delay_ms_, *std::exchange(question_, std::nullopt), [this] {
    mode_ = Mode::kSecret;
    asked_ = true;
    echoes_meanwhile_ = false;
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
