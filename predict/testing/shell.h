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
};

class Shell final : public Program {
 public:
  Shell(uint64_t seed, ShellStyle style) : random_(seed), style_(std::move(style)) {}

  void Start();
  void OnInput(absl::string_view bytes) override;

  // What it writes to ask for a line: prompt, right prompt, the cursor between them.
  std::string PromptText() const { return LineText("", 0); }

  // What the next Return leads to, instead of a command's output.
  void AskSecretNext(std::string question, int delay_ms, bool line_discipline_echoes_meanwhile);
  // A secret is being asked for, and its question is on the screen.
  bool asking() const { return mode_ == Mode::kSecret && asked_; }

 private:
  enum class Mode : uint8_t { kLine, kBusy, kSecret };
  void Byte(char byte);
  void LineByte(char byte);
  void Sequence(char final);
  void Return();
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
  std::optional<std::string> question_;
  int question_delay_ms_ = 0;
  bool echoes_meanwhile_ = false;
};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_SHELL_H_
