// A printable character is typed (docs/spec/prediction.md §5.1).
#ifndef PREDICT_TYPING_H_
#define PREDICT_TYPING_H_

#include "predict/draft.h"
#include "predict/effect.h"

namespace mosh::predict {

void Character(Draft& draft, char32_t character, Effect& effect);

}  // namespace mosh::predict

#endif  // PREDICT_TYPING_H_
