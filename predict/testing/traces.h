// What people type into programs of several kinds, with the pauses they make.
#ifndef PREDICT_TESTING_TRACES_H_
#define PREDICT_TESTING_TRACES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "predict/testing/score.h"
#include "predict/testing/typist.h"

namespace mosh::predict {

struct Kind {
  const char* name;
  std::function<std::unique_ptr<Program>(uint64_t seed)> make;
  std::function<std::vector<TimedKey>(uint64_t seed)> type;
};

const std::vector<Kind>& Kinds();

}  // namespace mosh::predict

#endif  // PREDICT_TESTING_TRACES_H_
