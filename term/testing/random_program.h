// RandomProgram: terminal output such as programs make, from any source of choices. Tests draw them
// from a seeded generator, fuzzers from their input.
#ifndef TERM_TESTING_RANDOM_PROGRAM_H_
#define TERM_TESTING_RANDOM_PROGRAM_H_

#include <cstdint>
#include <functional>
#include <string>

#include "term/size.h"

namespace mosh::term {

// Returns a number in [0, limit), limit >= 1.
using Choose = std::function<uint32_t(uint32_t limit)>;

// `steps` pieces of output for a screen of that size: text (wide, combining, new), moves, erasing,
// scrolling, renditions, modes, titles.
std::string RandomProgram(const Choose& choose, Size size, int steps);

// A deterministic generator (splitmix64).
class SeededChoices {
 public:
  explicit SeededChoices(uint64_t seed) : state_(seed) {}
  uint32_t operator()(uint32_t limit) {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return static_cast<uint32_t>((z ^ z >> 31) >> 16) % limit;
  }

 private:
  uint64_t state_;
};

}  // namespace mosh::term

#endif  // TERM_TESTING_RANDOM_PROGRAM_H_
