// Prompts at which typing has been echoed. A shell asks with the same prompt again and again; where
// one appears, what is typed may be shown at once instead of after a round trip.
//
// Safety: only text that ends like a command prompt (`$ `, `# `, `% `, `> ` …) counts, never one
// that asks with a colon, and only after a character was seen echoed behind it. A prompt that fails
// once is never trusted again. Bounded.
#ifndef PREDICT_PROMPT_MEMORY_H_
#define PREDICT_PROMPT_MEMORY_H_

#include <optional>
#include <set>
#include <string>

#include "predict/row_model.h"
#include "term/screen.h"

namespace mosh::predict {

// The text to the left of `at`, if it is a command prompt and nothing follows it. Directories and
// numbers in it are made equal, since they change from line to line.
std::optional<std::string> PromptBefore(const term::Screen& screen, Position at);

class PromptMemory {
 public:
  bool Trusts(const std::string& prompt) const {
    return trusted_.contains(prompt) && !failed_.contains(prompt);
  }
  void OnEchoed(const std::string& prompt);
  void OnFailed(const std::string& prompt);

 private:
  std::set<std::string> trusted_;
  std::set<std::string> failed_;
};

}  // namespace mosh::predict

#endif  // PREDICT_PROMPT_MEMORY_H_
