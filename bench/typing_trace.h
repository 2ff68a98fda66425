// What people type: seeded traces of keystrokes with human timing, each into its own program.
//
// The same name, seed and length give the same keys and gaps everywhere. The programs are set up so
// that they draw the same from the same keys: no rc files, a fixed prompt, a fixed TERM, fixed
// files, 80x24.
#ifndef BENCH_TYPING_TRACE_H_
#define BENCH_TYPING_TRACE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bench/typing_judge.h"

namespace mosh::bench {

struct TraceKey {
  std::string bytes;
  std::string label;    // for a person: "a", "left", "^W"
  std::string kind;     // what sort of keystroke: "append", "insert", "backspace", …
  double gap = 0;       // milliseconds after the key before
  bool awaits = false;  // the gap begins only when the key before is on the screen
  KeyNature nature;
};

struct Trace {
  std::string name;
  std::vector<std::string> command;  // the program, for inside the session
  std::vector<TraceKey> keys;
};

struct TracePrograms {
  std::string folder;  // holds what WriteTraceFiles wrote
  std::string app;     // typing_app
};

// The traces' names, in the report's order.
const std::vector<std::string>& TraceNames();

// `name` is one of TraceNames(). The first `length` keys.
Trace MakeTrace(absl::string_view name, unsigned seed, int length, const TracePrograms& programs);

// The files that the traces' programs open.
void WriteTraceFiles(const std::string& folder);

}  // namespace mosh::bench

#endif  // BENCH_TYPING_TRACE_H_
