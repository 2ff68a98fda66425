// Prompts at which typing has been echoed, by program. A shell asks with the same prompt again and
// again, and a form has the same labels; where one appears, what is typed may be shown at once
// instead of after a round trip.
//
// A prompt counts only after a character was seen echoed behind it, and only for the same program
// (term::TerminalModes::foreground). One that fails is never trusted again. Bounded.
#ifndef PREDICT_PROMPT_MEMORY_H_
#define PREDICT_PROMPT_MEMORY_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "predict/row_model.h"
#include "term/screen.h"

namespace mosh::predict {

struct Prompt {
  uint64_t program = 0;
  std::string text;
  friend auto operator<=>(const Prompt&, const Prompt&) = default;
};

// `$`, `#`, `%`, `>` and the like, with which command prompts end.
bool EndsPrompt(const term::Cell& cell);
// The text to the left of `at`, if it is a command prompt and nothing follows it. Directories and
// numbers in it are made equal, since they change from line to line.
std::optional<std::string> PromptBefore(const term::Screen& screen, Position at);
// The same, or else the text as it is, if that is enough to tell one question from another.
std::optional<std::string> QuestionBefore(const term::Screen& screen, Position at);

class PromptMemory {
 public:
  bool Trusts(const Prompt& prompt) const {
    return trusted_.contains(prompt) && !failed_.contains(prompt);
  }
  void OnEchoed(const Prompt& prompt);
  void OnFailed(const Prompt& prompt);

 private:
  std::set<Prompt> trusted_;
  std::set<Prompt> failed_;
};

}  // namespace mosh::predict

#endif  // PREDICT_PROMPT_MEMORY_H_
