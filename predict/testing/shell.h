// A shell to type into: prompt, line editing, commands that answer, and commands that ask for a
// secret without echo.
#ifndef PREDICT_TESTING_SHELL_H_
#define PREDICT_TESTING_SHELL_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "predict/testing/typist.h"

namespace mosh::predict {

struct ShellStyle {
  std::string prompt = "me@host:~/src$ ";
  std::string right_prompt;  // at the right edge
  bool suggests = false;     // shows the rest of a known command in grey, as fish does
  std::string status_line;   // in the bottom row, as a terminal multiplexer keeps one
};

// How a program asks for a secret.
struct Question {
  std::string text;
  int after_ms = 0;                // the Return that began the program
  bool typed_ahead_shows = false;  // the line discipline echoes until the question is there
  int echo_ends_ms = 0;            // after the question is on the screen
  bool raw = false;                // the program reads key by key
  bool masked = false;             // and shows a mask for each
  int refusals = 0;                // asks so many times more
};

class Shell final : public Program {
 public:
  Shell(uint64_t seed, ShellStyle style) : random_(seed), style_(std::move(style)) {}

  void Start() override;
  void OnInput(absl::string_view bytes) override;
  term::TerminalModes modes() const override;

  // What it writes to ask for a line: prompt, right prompt, the cursor between them.
  std::string PromptText() const { return LineText("", 0); }

  // What the next Return leads to, instead of a command's output.
  void AskSecretNext(Question question) { question_ = std::move(question); }
  // A secret is being asked for, and its question is on the screen.
  bool asking() const { return mode_ == Mode::kSecret && asked_; }

 private:
  enum class Mode : uint8_t { kLine, kBusy, kAsked, kSecret };
  void Byte(char byte);
  void LineByte(char byte);
  void Sequence(absl::string_view sequence);
  void Return();
  void Ask(int after_ms);
  void SecretByte(char byte);
  void Prompt();
  void Redraw() { print(0, LineText(buffer_, cursor_), nullptr); }
  std::string LineText(absl::string_view line, size_t cursor) const;
  std::string Suggestion(absl::string_view line, size_t cursor) const;

  std::mt19937_64 random_;
  ShellStyle style_;
  Mode mode_ = Mode::kBusy;
  bool asked_ = false;
  std::string buffer_;
  size_t cursor_ = 0;
  std::string escape_;
  std::string typed_ahead_;
  std::optional<Question> question_;  // for the next Return
  Question asking_;
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_SHELL_H_
