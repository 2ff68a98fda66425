// Judging guesses by what the server shows. Pure functions over a list of guesses, oldest first,
// all made from one `base` screen.
//
// A guess stands or falls with three things: where the cursor is, the characters that were typed,
// and that the text to the left of the cursor is otherwise what it was: another text there may be
// another question. What an edit pushes about is not held against it; it teaches instead how this
// row takes typing.
#ifndef PREDICT_JUDGE_H_
#define PREDICT_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "predict/key_parser.h"
#include "predict/model.h"
#include "term/screen.h"

namespace mosh::predict {

// One key that the screen does not show yet, and what we think it will do.
struct Guess {
  Key key;
  uint64_t answered_by = 0;  // the echo ack that will have seen it
  Instant typed_at;
  uint64_t epoch = 0;
  uint64_t next_epoch = 0;  // of the key after it
  bool certain = false;     // no unanswered key before it, nor it itself, may do something else
  Effect effect;
  LineState line;      // after it
  bool drawn = false;  // it was shown, and has not been counted as right or wrong
};
using Guesses = std::deque<Guess>;

// The rows that the first `count` guesses change, as they are after them.
std::vector<std::pair<int, const RowModel*>> RowsAfter(const Guesses& guesses, size_t count);

enum class Agreement : uint8_t {
  kNo,
  kYes,
  kWaitsToWrap,  // yes, with the cursor behind the last column
};
// Whether `screen` is what the first `count` guesses lead to.
Agreement AgreesAfter(const term::Screen& base, const Guesses& guesses, size_t count,
                      const term::Screen& screen);
// The same, with every cell that the guesses say something about.
bool AgreesInEveryCell(const term::Screen& base, const Guesses& guesses, size_t count,
                       const term::Screen& screen);
// The same, with what the first `count` guesses leave as it was in rows that later ones change.
bool AgreesInEveryRow(const term::Screen& base, const Guesses& guesses, size_t count,
                      const term::Screen& screen);
// The guess put a character that was not there before, and `screen` has it: this is an echo. Not
// for what programs show in place of passwords, and not for blanks.
bool ShowsEcho(const term::Screen& base, const Guess& guess, const term::Screen& screen);
// The character is where it was guessed, or the row it went to has scrolled up since. For counting.
bool IsOnScreen(const term::Screen& base, const Guess& guess, const term::Screen& screen);
// The characters that `count` guesses from `first` on put are left of the cursor.
bool StandsBeforeCursor(const term::Screen& base, const Guesses& guesses, size_t first,
                        size_t count, const term::Screen& screen);
// How many guesses from `first` on `screen` seems to show already, left of its cursor, though
// their places were guessed wrong.
size_t CountEchoedElsewhere(const term::Screen& base, const Guesses& guesses, size_t first,
                            const term::Screen& screen);
// How the row took what was typed in it, if it shows.
std::optional<Typing> LessonOf(const term::Screen& base, int row, const RowModel& guessed,
                               const term::Screen& screen);

}  // namespace mosh::predict

#endif  // PREDICT_JUDGE_H_
