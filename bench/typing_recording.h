// A film of two screens side by side, as text: every change with its time, so that anyone can read
// what people saw.
#ifndef BENCH_TYPING_RECORDING_H_
#define BENCH_TYPING_RECORDING_H_

#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "bench/typing_judge.h"

namespace mosh::bench {

class TypingRecording {
 public:
  TypingRecording(std::ostream* out, absl::string_view title);

  // What both screens show now. `typed`: the keys since the last call. Writes the rows that changed
  // on either; nothing if none did and nothing was typed.
  void Add(double millis, absl::string_view typed, const Picture& ours, const Picture& stock);

 private:
  std::ostream* out_;
  Picture ours_, stock_;  // as last written
};

}  // namespace mosh::bench

#endif  // BENCH_TYPING_RECORDING_H_
