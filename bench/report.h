// The table that the benchmarks print: one line a figure, ours beside stock's and their ratio, as
// Markdown.
#ifndef BENCH_REPORT_H_
#define BENCH_REPORT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace mosh::bench {

class Report {
 public:
  // A heading with the columns' names.
  void Section(absl::string_view title);
  // Adds a line and prints it at once: a run takes long and may be interrupted.
  void Add(absl::string_view figure, absl::string_view unit, double ours, double stock,
           absl::string_view note = "");
};

}  // namespace mosh::bench

#endif  // BENCH_REPORT_H_
