// Judges what a person saw, by what the same program shows to the same keys without a network.
#ifndef PREDICT_TESTING_SCORE_H_
#define PREDICT_TESTING_SCORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "predict/engine.h"
#include "predict/testing/typist.h"

namespace mosh::predict {

struct TimedKey {
  int pause_ms = 0;  // before it
  std::string bytes;
};

struct Score {
  uint64_t keys = 0;   // those that change the picture
  uint64_t shown = 0;  // of them, whose change was there at once
  uint64_t wrong = 0;  // keys after which something was shown that is true of no moment since the
                       // server's last answer
  // Keys not shown, by what they are and what came before.
  std::map<std::string, uint64_t> hidden;

  Score& operator+=(const Score& other);
};

// `reference` and `live` are the same program in the same state, not started.
Score Play(uint64_t seed, const Line& line, const Settings& settings,
           const std::vector<TimedKey>& keys, Program* reference, Program* live);

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_SCORE_H_
