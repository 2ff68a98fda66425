// A trace without programs and networks: the recorded answers of its program, over a line on a
// virtual clock, before our prediction engine. Takes milliseconds and is always the same, unlike a
// TypingSession; but knows nothing of congestion and of how our datagrams really come about.
#ifndef BENCH_TYPING_REPLAY_H_
#define BENCH_TYPING_REPLAY_H_

#include <cstdint>

#include "bench/typing_judge.h"
#include "bench/typing_reference.h"
#include "predict/testing/typist.h"

namespace mosh::bench {

struct Replay {
  TypingJudge judge;
  double start = 0, end = 0;  // ms of the judge's clock
  bool complete = false;      // the screen ended as it should
};

// `sure_after`: see TypingJudge. The result refers to `prepared`.
Replay ReplayTrace(const PreparedTrace& prepared, const predict::Line& line, uint64_t seed,
                   double sure_after);

}  // namespace mosh::bench

#endif  // BENCH_TYPING_REPLAY_H_
