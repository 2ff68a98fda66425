// Model: what the screen will look like after some more keys, as far as that can be guessed. Begins
// as a screen of the server's; Press() adds one key and says what it changed and how sure that is.
// Each rule is one function, named after it (docs/spec/prediction.md §5): here those that lead
// elsewhere. Pure.
#ifndef PREDICT_MODEL_H_
#define PREDICT_MODEL_H_

#include <utility>

#include "predict/draft.h"
#include "predict/effect.h"
#include "predict/key_parser.h"
#include "predict/lessons.h"
#include "term/screen.h"

namespace mosh::predict {

class Model {
 public:
  // `lessons` must outlive the model.
  Model(term::Screen base, const LineState& line, const Lessons* lessons)
      : draft_(std::move(base), line, lessons) {}

  const term::Screen& base() const { return draft_.base; }
  const LineState& line() const { return draft_.line; }
  Effect Press(const Key& key);

 private:
  Draft draft_;
};

}  // namespace mosh::predict

#endif  // PREDICT_MODEL_H_
