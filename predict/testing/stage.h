// A stage: a server's terminal and an engine that sees it, for tests of the engine's rules. Time
// passes only by Pass().
#ifndef PREDICT_TESTING_STAGE_H_
#define PREDICT_TESTING_STAGE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "predict/engine.h"
#include "term/screen.h"
#include "term/size.h"
#include "term/terminal.h"
#include "term/terminal_modes.h"

namespace mosh::predict {

class Stage {
 public:
  explicit Stage(term::Size size = {40, 6}, Settings settings = {.display = Display::kAlways})
      : terminal_(size, term::Dialect::kProgram), engine_(settings) {
    Look();
  }

  // The program writes; the client sees it, and no more than before is acknowledged.
  void Host(absl::string_view bytes) {
    terminal_.Feed(bytes);
    Look();
  }
  void Type(absl::string_view bytes) {
    engine_.SetLastSentState(sent_++);
    engine_.OnTyped(bytes, now_);
  }
  // All keys up to the newest have had their answer; the screen with it.
  void Answer(absl::string_view bytes) {
    ack_ = sent_;
    Host(bytes);
  }
  // The first `count` of the unanswered keys have had theirs.
  void AnswerSome(uint64_t count, absl::string_view bytes) {
    ack_ += count;
    Host(bytes);
  }
  // A prompt at which typing has been echoed: from here on guesses show.
  void Echo(absl::string_view before = "$ ") {
    Host(before);
    Type("x");
    Answer("x");
  }
  void Resize(term::Size size) {
    terminal_.Resize(size);
    Look();
  }

  // What is shown; `|` marks the cursor.
  std::string Row(int row) const {
    term::Screen frame = Shown();
    std::string text;
    for (int column = 0; column < frame.columns(); ++column) {
      if (frame.cursor().row == row && frame.cursor().column == column) text += '|';
      text += frame.CellText(row, column);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  term::Screen Shown() const {
    term::Screen frame = terminal_.Snapshot();
    engine_.Apply(frame);
    return frame;
  }
  // What the server says of the terminal from the next screen on.
  void SetModes(term::TerminalModes modes) { modes_ = modes; }
  Engine& engine() { return engine_; }
  void Pass(std::chrono::milliseconds time) { now_ += time; }
  Instant now() const { return now_; }

 private:
  void Look() { engine_.OnServerScreen(terminal_.screen(), ack_, now_, modes_); }

  term::Terminal terminal_;
  Engine engine_;
  Instant now_ = Instant::FromMillis(1000);
  uint64_t sent_ = 0;
  uint64_t ack_ = 0;
  std::optional<term::TerminalModes> modes_;
};

inline constexpr term::TerminalModes kShell = {.foreground = 1};
inline constexpr term::TerminalModes kAnotherProgram = {.foreground = 2};
inline constexpr term::TerminalModes kPassword = {.canonical = true, .foreground = 2};

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_STAGE_H_
