// Small measuring tools of the benchmarks: samples and their percentiles, processor time and memory
// of processes.
#ifndef BENCH_MEASURE_H_
#define BENCH_MEASURE_H_

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosh::bench {

// A bag of numbers.
class Samples {
 public:
  void Add(double value) { values_.push_back(value); }
  void AddAll(const Samples& other);
  bool empty() const { return values_.empty(); }
  size_t size() const { return values_.size(); }
  double Mean() const;
  // Nearest rank; p in 0..100. 0 if empty.
  double Percentile(double p) const;
  double Median() const { return Percentile(50); }
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};

// Processor time used so far by all threads of the process, in nanoseconds (from
// /proc/PID/task/*/schedstat).
uint64_t CpuNanos(pid_t pid);

// Proportional set size in KiB (from /proc/PID/smaps_rollup).
uint64_t PssKib(pid_t pid);

// Times the process has been put to sleep so far, over all its threads: each is followed by a
// wake-up.
uint64_t VoluntarySwitches(pid_t pid);

// The monotonic clock, in milliseconds.
double NowMillis();
// Until one of them is ready, or NowMillis() is `until`, which may be infinite.
void WaitUntil(std::vector<pollfd>& fds, double until);

}  // namespace mosh::bench

#endif  // BENCH_MEASURE_H_
