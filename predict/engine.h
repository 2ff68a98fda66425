// Predictive echo: shows what is typed before the server's answer comes (docs/spec/prediction.md).
//
//   engine.OnServerScreen(screen, echo ack, now, modes)
//                                                 each new state of the server, never what was
//                                                 painted; modes if the server tells them
//   engine.SetLastSentState(num)                  before OnTyped: the number of the newest own
//                                                 state sent
//   engine.OnTyped(one read of the terminal, now)
//   engine.OnTime(now)                            at NextDeadline()
//   engine.Apply(frame)                           frame: a copy of the newest server screen
//
// Keys that no screen has answered are kept as a list of guesses made from the last screen. A new
// screen either is what some of them lead to (those are dropped, the rest is guessed anew from it),
// or refutes them once the echo ack says that they were answered (then the rest is guessed anew,
// hidden). Guesses after a key that may change anything, Return above all, belong to a new epoch
// and stay hidden until a character of that epoch has been echoed, whatever prompt is on the
// screen: it may be one that asks for a password. Only where the server tells which program has the
// terminal, and in which modes, a prompt of that program's that has echoed before shows at once.
//
// Sans-IO: no clock; `now` is monotonic. Never fails, whatever is typed or shown. One thread.
#ifndef PREDICT_ENGINE_H_
#define PREDICT_ENGINE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "predict/judge.h"
#include "predict/key_parser.h"
#include "predict/model.h"
#include "predict/prompt_memory.h"
#include "predict/triggers.h"
#include "term/screen.h"
#include "term/terminal_modes.h"

namespace mosh::predict {

// When guesses are shown.
enum class Display : uint8_t {
  kNever,
  kAdaptive,  // on slow lines, and after glitches
  kAlways,
  kExperimental,  // always, and without waiting for an echo: passwords may show
};

struct Settings {
  Display display = Display::kAdaptive;
  bool overwrite = false;  // typing replaces, until a row has shown what it does
};

// Counts of typed characters that were drawn before the server's answer.
struct Tally {
  uint64_t shown = 0;
  uint64_t correct = 0;  // the answer showed them where they were drawn
  uint64_t wrong = 0;    // it didn't; neither: not answered yet, or given up with all guesses
};

class Engine {
 public:
  explicit Engine(Settings settings);

  void SetSendInterval(std::chrono::nanoseconds interval) { triggers_.SetSendInterval(interval); }
  void SetLastSentState(uint64_t num) { last_sent_ = num; }

  void OnServerScreen(const term::Screen& screen, uint64_t echo_ack, Instant now,
                      const std::optional<term::TerminalModes>& modes = std::nullopt);
  void OnTyped(absl::string_view bytes, Instant now);
  void OnTime(Instant now);
  // Max() = nothing changes by itself.
  Instant NextDeadline(Instant now) const;
  // The window changed, or something else that makes all guesses worthless.
  void Reset();

  // Draws the guesses that are to be shown. `frame` is what OnServerScreen last saw, perhaps of
  // another size.
  void Apply(term::Screen& frame) const;

  const Triggers& triggers() const { return triggers_; }
  const Tally& tally() const { return tally_; }
  size_t pending() const { return guesses_.size(); }
  // How many of these would be drawn now.
  size_t shown() const;

 private:
  // A doubtful key, Return above all, when all keys before it are known to have done what they
  // should, and nothing doubtful was typed after it: what it leads to next is that program's own
  // prompt, or another program.
  struct Departure {
    uint64_t program = 0;
    int row = 0;          // the cursor's
    term::Screen screen;  // the last one then
  };

  bool Trusting() const { return settings_.display == Display::kExperimental; }
  bool IsHidden(const Guess& guess) const {
    return !Trusting() && guess.epoch > confirmed_ && !(guess.effect.discreet && guess.certain);
  }
  void BeginHiddenEpoch();
  void Append(Guess guess);
  void Rebase(const term::Screen& screen);
  void Drop(size_t count);
  // Whether the screen makes sense if letters are commands, or text, or this is an editor, contrary
  // to what was thought. Then the guesses are made anew accordingly.
  Agreement Reconsider(const term::Screen& screen, size_t answered, size_t* count);
  Agreement Find(const term::Screen& screen, size_t first, size_t* count) const;
  bool Persuades(const term::Screen& screen, size_t count) const;
  void ForgetPlaces();
  void ForgetProgram();
  void OnAgreement(const term::Screen& screen, size_t count, Agreement how, uint64_t echo_ack,
                   Instant now);
  void OnContradiction(const term::Screen& screen, size_t gone, size_t answered);
  void Credit(const term::Screen& screen, size_t count, uint64_t echo_ack, Instant now);
  void Learn(const term::Screen& screen, size_t count);
  void NoteShown();
  std::vector<size_t> DrawnWrong(const term::Screen& screen, size_t count) const;
  void CountWrong(const std::vector<size_t>& guesses);
  void CountRight(size_t count);
  void BlamePrompt(const term::Screen& screen, size_t answered);
  void Blame(size_t answered);
  void CheckLineStart(const term::Screen& screen);
  // Each key reaches the program that draws its echo itself.
  bool Raw() const { return modes_ && !modes_->canonical; }
  bool Secret() const { return modes_ && modes_->secret(); }
  void NoteDeparture(const Guess& guess, bool certain_before);
  // The same once the keys before it have been echoed, if that was not known when it was typed.
  void NoteDepartureBelatedly();
  bool HasMovedOn(const term::Screen& screen) const;
  // How many guesses the prompt that is on the screen answers, if it is a known one.
  std::optional<size_t> CountBeforeKnownPrompt(const term::Screen& screen, size_t answered) const;
  void ShowAtKnownPrompt();
  void LearnEditor(const term::Screen& screen, size_t count);
  void DrawRow(int row, const RowModel& cells, term::Screen& frame) const;

  Settings settings_;
  KeyParser parser_;
  Triggers triggers_;
  Lessons lessons_;
  PromptMemory prompts_;
  Tally tally_;
  uint64_t last_sent_ = 0;

  std::optional<Model> model_;  // of the last screen and all guesses; nothing before the first one
  Guesses guesses_;
  std::optional<term::TerminalModes> modes_;  // with the last screen
  // With the one that the guesses were made from, while they are judged by the last.
  std::optional<term::TerminalModes> modes_before_;
  std::optional<Departure> departure_;
  bool accounted_ = false;  // the last doubtful key is known to have done what it should
  LineState line_ = {.fresh_line = true};  // at the last screen
  // The last screen is none that the guesses lead to, and the echo ack has yet to say why.
  bool in_doubt_ = false;
  bool certain_ = true;      // of the next key, were it
  uint64_t confirmed_ = 0;   // epochs up to this one are shown
  uint64_t base_epoch_ = 1;  // of the next key, were there no guesses
  uint64_t epoch_ = 1;       // of the next key
  uint64_t last_epoch_ = 1;  // the highest given to anything
};

}  // namespace mosh::predict

#endif  // PREDICT_ENGINE_H_
