// Keys that edit the line or move within it, in a shell as in an editor: what they do is much the
// same everywhere.
#ifndef PREDICT_LINE_EDITING_H_
#define PREDICT_LINE_EDITING_H_

#include "predict/draft.h"
#include "predict/effect.h"

namespace mosh::predict {

void Backspace(Draft& draft, Effect& effect);
void Delete(Draft& draft, Effect& effect);
void Left(Draft& draft, Effect& effect);
void Right(Draft& draft, Effect& effect);
void WordLeft(Draft& draft, Effect& effect);
void WordRight(Draft& draft, Effect& effect);
void LineStart(Draft& draft, Effect& effect);
void LineEnd(Draft& draft, Effect& effect);
void KillToEnd(Draft& draft, Effect& effect);
void KillToStart(Draft& draft, Effect& effect);
void KillWord(Draft& draft, Effect& effect);

}  // namespace mosh::predict

#endif  // PREDICT_LINE_EDITING_H_
