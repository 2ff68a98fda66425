// The benchmarks: each runs ours and stock in turn (or at once, where they only rest) and adds its
// lines to the report. Prediction is off throughout.
#ifndef BENCH_SCENARIOS_H_
#define BENCH_SCENARIOS_H_

#include <string>

#include "bench/report.h"

namespace mosh::bench {

struct Effort {
  int keys = 300;  // latency: keystrokes a run
  int rounds = 3;  // alternating runs of each peer, for everything but resting
  long flood_bytes = 50'000'000;
  int rest_seconds = 60;
};

// Keystroke to screen on loopback and on the named networks.
void MeasureLatency(const Effort& effort, Report& report);
// A program that prints as fast as it can, in five kinds of output; and the same through a bare
// pty.
void MeasureFlood(const Effort& effort, Report& report);
// Ctrl-C while a program floods the terminal.
void MeasureInterrupt(const Effort& effort, Report& report);
// Server start to MOSH CONNECT; client start to the first text.
void MeasureStart(const Effort& effort, Report& report);
// Memory, wake-ups and datagrams of a session at rest; memory of 50 idle servers.
void MeasureRest(const Effort& effort, Report& report);
// Datagrams and bytes for scripted work on a 100 ms line.
void MeasureWire(const Effort& effort, Report& report);

}  // namespace mosh::bench

#endif  // BENCH_SCENARIOS_H_
