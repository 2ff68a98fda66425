// What a modal editor says in the bottom row while letters are text ("-- INSERT --"), and while
// they are commands. A value; cells are kept apart from any Interner.
#ifndef PREDICT_MODE_LINE_H_
#define PREDICT_MODE_LINE_H_

#include <optional>
#include <utility>
#include <vector>

#include "predict/row_model.h"
#include "term/rendition.h"
#include "term/screen.h"

namespace mosh::predict {

// Glyphs with their looks, without trailing blanks.
using ModeLine = std::vector<std::pair<char32_t, term::Rendition>>;

// The bottom row's; nothing if it has more than plain characters.
std::optional<ModeLine> ModeLineOf(const term::Screen& screen);
bool Shows(const RowModel& row, const ModeLine& line);
// Makes `row` show it. The cells are `screen`'s.
void PutModeLine(const ModeLine& line, term::Screen& screen, RowModel& row);

}  // namespace mosh::predict

#endif  // PREDICT_MODE_LINE_H_
