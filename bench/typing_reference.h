// What the traces' programs do to the traces' keys when there is no network in between.
#ifndef BENCH_TYPING_REFERENCE_H_
#define BENCH_TYPING_REFERENCE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bench/typing_judge.h"
#include "bench/typing_trace.h"
#include "e2e/process.h"
#include "e2e/terminal_program.h"
#include "term/terminal_modes.h"

namespace mosh::bench {

Picture TakePicture(const e2e::VtermScreen& screen);

// Cuts a program's output into control functions and runs of text. Within one of them a cell
// changes at most once.
class OutputPieces {
 public:
  // Is this the first byte of a piece?
  bool Begins(char c);

 private:
  bool in_text_ = false;
  bool in_sequence_ = false;  // after ESC
  bool in_csi_ = false;
  int sequence_length_ = 0;
};

// All that a program wrote up to when it had answered one key, or had started, since the one
// before; and how its terminal was set then.
struct ProgramAnswer {
  std::string output;
  term::TerminalModes modes;
};

struct PreparedTrace {
  Trace trace;
  std::unique_ptr<TypingReference> reference;
  std::vector<ProgramAnswer> answers;  // to the start, and to each key
};

// Types a trace into its program, key by key, with nothing in between, waiting after each until the
// program has answered. Several can do so at once: call Turn whenever fd() is readable or wake()
// has come. The answer to key next_ - 1, or the program's start, is awaited until done().
class ReferenceTaker {
 public:
  // Completes `prepared`, whose trace is there.
  ReferenceTaker(PreparedTrace* prepared, const e2e::Environment& environment);

  int fd() const { return program_.fd(); }
  double wake() const { return wake_; }
  void Turn(double now);
  bool done() const { return done_; }

 private:
  bool ProgramSleeps();
  void ReadOutput(double now);
  void NoteAnswer();

  PreparedTrace* prepared_;
  e2e::TerminalProgram program_;
  e2e::VtermScreen slow_;  // fed piece by piece, for the screens in passing
  OutputPieces pieces_;
  std::vector<Picture> passing_;
  size_t next_ = 0;
  size_t seen_ = 0;
  size_t noted_ = 0;  // octets of output that belong to earlier answers
  bool done_ = false;
  double last_output_;
  double wake_ = 0;
};

// The traces of one seed, taken at the same time. By name.
std::map<std::string, PreparedTrace> PrepareTraces(const std::vector<std::string>& names,
                                                   unsigned seed, int keys,
                                                   const TracePrograms& programs);

}  // namespace mosh::bench

#endif  // BENCH_TYPING_REFERENCE_H_
