#include "predict/teaching.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "predict/draft.h"
#include "predict/editor_looks.h"
#include "predict/mode_line.h"

namespace mosh::predict {
namespace {

// Anything but what people type into fields.
bool IsFiller(const term::Cell& cell) {
  if (cell.blank()) return true;
  if (cell.is_cluster() || cell.wide() || cell.wide_tail()) return false;
  const char32_t c = cell.code_point();
  return c < 0x80 ? absl::ascii_ispunct(static_cast<unsigned char>(c)) : !IsWordCharacter(cell);
}

// Where the cursor was before the guesses from `first` on, if the screen shows all of these that
// are answered, and nothing else can have moved it.
std::optional<Position> CameFrom(const term::Screen& base, const Guesses& guesses, size_t first,
                                 size_t answered, const term::Screen& screen) {
  const Position cursor = {screen.cursor().row, screen.cursor().column};
  size_t echoed = CountEchoedElsewhere(base, guesses, first, screen);
  // What is typed over the same text shows only by the cursor.
  const bool seen = echoed > 0 && first + echoed >= answered;
  if (first + echoed < answered) {
    echoed = answered - first;
    if (!StandsBeforeCursor(base, guesses, first, echoed, screen)) return std::nullopt;
  }
  const size_t next = first + echoed;
  const Position from = {cursor.row, cursor.column - static_cast<int>(echoed)};
  if (next == guesses.size()) return from;
  const Effect& effect = guesses[next].effect;
  if (!effect.typed || effect.glyph.blank()) return std::nullopt;
  // An echo of what was there before does not show.
  const bool may_be_echoed =
      !seen && cursor.column > 0 &&
      SameGlyph(base, effect.glyph, screen, screen.cell(cursor.row, cursor.column - 1));
  return may_be_echoed ? std::nullopt : std::optional(from);
}

}  // namespace

bool HasTextBelow(const term::Screen& screen) {
  for (int row = screen.cursor().row + 1; row < screen.rows(); ++row) {
    for (const term::Cell& cell : screen.row(row).cells()) {
      if (!cell.blank()) return true;
    }
  }
  return false;
}

std::optional<Position> LearnJump(const term::Screen& base, const Guesses& guesses, size_t answered,
                                  const term::Screen& screen, Lessons& lessons) {
  const auto is_text = [](const Effect& effect) {
    return effect.typed && !effect.doubtful && !effect.fills_field;
  };
  size_t key = 0;
  while (key < answered && is_text(guesses[key].effect)) ++key;
  if (key == answered) return std::nullopt;
  const Guess& guess = guesses[key];
  const bool fills = guess.effect.fills_field && !guess.effect.doubtful;
  if (!fills && guess.key.kind != KeyKind::kOther) return std::nullopt;
  const std::optional<Position> to = CameFrom(base, guesses, key + 1, answered, screen);
  if (!to) return std::nullopt;
  const int row = key > 0 ? guesses[key - 1].effect.after.row : base.cursor().row;
  if (fills && to->row == row) return std::nullopt;
  lessons.jumps.OnSeen(fills ? kFillField : guess.key.spelling, row, *to);
  return to;
}

void LearnModeLine(const term::Screen& base, Mood mood, const Guesses& guesses,
                   const term::Screen& screen, Lessons& lessons) {
  if (guesses.empty() || guesses[0].line.mood == mood) return;
  const std::optional<ModeLine> before = ModeLineOf(base);
  const std::optional<ModeLine> after = ModeLineOf(screen);
  if (!before || !after || Shows(RowModel(screen, screen.rows() - 1), *before)) return;
  lessons.mode_lines[mood] = *before;
  lessons.mode_lines[guesses[0].line.mood] = *after;
}

void RecogniseEditor(const term::Screen& screen, bool reads_lines, Lessons& lessons) {
  std::optional<EditorLooks> looks = EditorByLooks(screen);
  if (!HasTextBelow(screen) || reads_lines) return lessons.editor.reset();
  if (!looks) return;
  lessons.text_bottom = looks->text_bottom;
  if (looks->insert) {
    lessons.mode_lines[Mood::kTyping] = *looks->insert;
    lessons.mode_lines[Mood::kCommands] = {};
  }
  lessons.editor = std::move(looks);
}

std::optional<Mood> MoodInVi(const term::Screen& screen, const Lessons& lessons) {
  if (!lessons.editor || lessons.editor->kind != EditorLooks::Kind::kVi) return std::nullopt;
  if (EditorByLooks(screen)) return Mood::kTyping;
  const bool says_nothing = screen.RowText(screen.rows() - 1).empty();
  return says_nothing ? std::optional(Mood::kCommands) : std::nullopt;
}

void LearnFiller(const Guesses& guesses, size_t count, const term::Screen& screen,
                 Lessons& lessons) {
  for (size_t i = 0; i < count; ++i) {
    if (guesses[i].key.kind != KeyKind::kBackspace || guesses[i].effect.rows.empty()) continue;
    const auto [row, column] = guesses[i].effect.after;
    if (lessons.TypingIn(row) != Typing::kOverwrites) continue;
    for (const auto& [changed, cells] : RowsAfter(guesses, count)) {
      if (changed != row || (*cells)[column].origin == Origin::kTyped) continue;
      const term::Cell& shown = screen.cell(row, column);
      lessons.filler.reset();
      if (IsFiller(shown)) lessons.filler = shown.blank() ? U' ' : shown.code_point();
    }
  }
}

}  // namespace mosh::predict
