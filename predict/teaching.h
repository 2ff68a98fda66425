// What a screen teaches about the program that shows it, by the guesses that were made from the one
// before it, `base`, oldest first. Only `lessons` change.
#ifndef PREDICT_TEACHING_H_
#define PREDICT_TEACHING_H_

#include <cstddef>
#include <optional>

#include "predict/judge.h"
#include "predict/lessons.h"
#include "term/screen.h"

namespace mosh::predict {

// A program that keeps the whole screen shows something below the line that is being typed in; one
// that asks line after line does not.
bool HasTextBelow(const term::Screen& screen);
// What a key did that is none of ours, when the screen is not what the first `answered` guesses
// lead to. Of what was typed since, it may show some or all.
// Returns where it led to, if that was learned.
std::optional<Position> LearnJump(const term::Screen& base, const Guesses& guesses, size_t answered,
                                  const term::Screen& screen, Lessons& lessons);
// The bottom row has changed while a key is unanswered that makes letters text or commands.
void LearnModeLine(const term::Screen& base, Mood mood, const Guesses& guesses,
                   const term::Screen& screen, Lessons& lessons);
// Once seen it stays, until nothing is below the cursor any more. What reads lines is none.
void RecogniseEditor(const term::Screen& screen, bool reads_lines, Lessons& lessons);
// vi says itself what letters are.
std::optional<Mood> MoodInVi(const term::Screen& screen, const Lessons& lessons);
// Where text is replaced, what was taken back leaves something behind.
void LearnFiller(const Guesses& guesses, size_t count, const term::Screen& screen,
                 Lessons& lessons);

}  // namespace mosh::predict

#endif  // PREDICT_TEACHING_H_
