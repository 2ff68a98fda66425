// How often a client's guesses at what its keys will show came true: what a client of ours tells a
// server that reads it (docs/extensions.md). Running totals since the client's process began.
#ifndef SSP_PREDICTIONS_H_
#define SSP_PREDICTIONS_H_

#include <cstdint>

namespace mosh::ssp {

struct Predictions {
  uint64_t shown = 0;    // characters that were drawn before the server's answer
  uint64_t correct = 0;  // of these, those that the answer confirmed
  uint64_t wrong = 0;    // and refuted; neither: not answered yet, or given up
  friend bool operator==(const Predictions&, const Predictions&) = default;
};

}  // namespace mosh::ssp

#endif  // SSP_PREDICTIONS_H_
