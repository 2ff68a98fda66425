// What came out of the typing benchmark: raw records of every key and session, and the tables made
// of them.
#ifndef BENCH_TYPING_REPORT_H_
#define BENCH_TYPING_REPORT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::bench {

// Which run a record belongs to.
struct TypingRun {
  std::string network, trace, pairing;
  unsigned seed = 0;
};

struct KeyRecord {
  TypingRun run;
  int index = 0;  // from 1
  std::string label, kind;
  bool visible = false;  // does anything show that it was typed?
  double typed = 0;      // ms after the first key
  double shown = 0;      // the same; at the session's end if never
  bool ever_shown = false;
  int wrong_cells = 0;
  double wrong_cell_ms = 0, repair_ms = 0;
  bool leak = false;
  std::string wrong;  // which cells, for a person

  double delay() const { return shown - typed; }
  // As if typed locally: nothing has crossed a network in this time.
  bool at_once() const { return delay() <= 5; }
};

struct SessionRecord {
  TypingRun run;
  double datagrams_up = 0, datagrams_down = 0, bytes_up = 0, bytes_down = 0;
  std::string final_difference;  // "": the screen ended as it should
};

struct TypingResults {
  std::vector<KeyRecord> keys;
  std::vector<SessionRecord> sessions;
};

// The sums over all traces of one network, a figure a line, and beside stock the delays of the keys
// that neither showed at once; figures are medians over the seeds.
void PrintNetwork(const TypingResults& results, const std::string& network,
                  const std::vector<std::string>& pairings);
// A line for each trace of the network.
void PrintTraces(const TypingResults& results, const std::string& network,
                 const std::vector<std::string>& pairings);
// A line for each kind of key in each trace, over all seeds.
void PrintKinds(const TypingResults& results, const std::string& network,
                const std::vector<std::string>& pairings);
// Every key of one trace that some pairing didn't show at once or got wrong.
void PrintKeys(const TypingResults& results, const TypingRun& run,
               const std::vector<std::string>& pairings);

// Writes keys.tsv and sessions.tsv into the folder, which it makes. False: it can't.
bool WriteRaw(const TypingResults& results, const std::string& folder);

}  // namespace mosh::bench

#endif  // BENCH_TYPING_REPORT_H_
