// What keys do in an editor: between rows, breaking lines, and where letters may be commands.
#ifndef PREDICT_EDITING_H_
#define PREDICT_EDITING_H_

#include "predict/draft.h"
#include "predict/effect.h"

namespace mosh::predict {

// A row broken off or opened here may begin indented, too.
bool IsIndented(const Draft& draft);
// By so many rows.
void Vertical(Draft& draft, int rows, Effect& effect);
// A new row in front of `row`; the rows from there on go down.
void InsertRow(Draft& draft, int row, RowModel cells, Effect& effect);
// Return.
void BreakLine(Draft& draft, Effect& effect);
// What letters are has changed, and the bottom row says so if it has before.
void ShowMood(Draft& draft, Mood before, Effect& effect);
void Escape(Draft& draft, Effect& effect);

}  // namespace mosh::predict

#endif  // PREDICT_EDITING_H_
