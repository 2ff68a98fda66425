#include "predict/typing.h"

#include <optional>
#include <string>
#include <utility>

#include "predict/prompt_memory.h"
#include "term/utf8.h"
#include "term/width.h"

namespace mosh::predict {
namespace {

// Where it begins bounds what editing keys are guessed to do.
void BeginLine(Draft& draft, Effect& effect) {
  if (!draft.line.fresh_line) return;
  draft.line.fresh_line = false;
  draft.line.first_typed = draft.cursor;
  effect.begins_line = true;
  if (draft.line.after_return || PromptBefore(draft.base, draft.cursor))
    draft.line.line_start = draft.cursor;
}

// To the next row's start. False on the bottom row: everything would move.
bool WrapCursor(Draft& draft, Effect& effect) {
  // That the cursor waits behind the last column has been seen; else programs differ.
  effect.doubtful = !draft.line.wrap_pending && draft.lessons->edge != Edge::kWraps;
  draft.line.wrap_pending = false;
  if (draft.cursor.row + 1 >= draft.base.rows()) return false;
  draft.cursor = {draft.cursor.row + 1, 0};
  return true;
}

// Onto the character before the cursor.
void Combining(Draft& draft, char32_t character, Effect& effect) {
  if (draft.cursor.column == 0 || draft.line.wrap_pending) return draft.LoseTrack(effect);
  RowModel cells = draft.Row(draft.cursor.row);
  const int column = cells.LeadOf(draft.cursor.column - 1);
  const ModelCell& carrier = cells[column];
  if (carrier.cell.empty() || carrier.origin == Origin::kUnknown) return draft.LoseTrack(effect);
  std::string text = draft.base.CellText(carrier.cell);
  term::AppendUtf8(character, &text);
  const term::Cell cell = carrier.cell.WithCluster(draft.base.InternCluster(text));
  const term::Rendition rendition = draft.base.rendition(cell);
  cells.Put(column, cell, draft.base.InternStyle(rendition.BackgroundOnly()));
  effect.typed = Position{draft.cursor.row, column};
  effect.glyph = cell;
  draft.Store(draft.cursor.row, std::move(cells), effect);
}

// What happens to the text where a character goes. A suggestion is typed over: what becomes of the
// rest of it, the program knows.
void MakeRoom(const Draft& draft, RowModel& cells, int column, int width) {
  if (draft.SuggestionAt(cells, column)) return;
  if (draft.lessons->TypingIn(draft.cursor.row) == Typing::kInserts) cells.OpenGap(column, width);
}

// Programs differ in the last column: some wrap at once, some wait for the next character.
void AdvanceCursor(Draft& draft, int width, Effect& effect) {
  const int column = draft.cursor.column + width;
  if (column < draft.columns()) {
    draft.cursor.column = column;
    return;
  }
  if (draft.lessons->edge == Edge::kUnknown || draft.cursor.row + 1 == draft.base.rows()) {
    effect.doubtful = true;
    effect.doubt_follows = true;
  }
  effect.alternative = Position{draft.cursor.row, draft.columns() - 1};
  if (draft.cursor.row + 1 < draft.base.rows() && draft.lessons->edge != Edge::kWaits) {
    draft.cursor = {draft.cursor.row + 1, 0};
  } else {
    draft.cursor.column = draft.columns() - 1;
    draft.line.wrap_pending = true;
  }
}

// Some programs go to the next field by themselves when one is full.
void FillField(Draft& draft, Effect& effect) {
  const std::optional<Position> next =
      draft.lessons->all_fields_echo ? draft.lessons->jumps.Target(kFillField, effect.typed->row)
                                     : std::nullopt;
  effect.fills_field = true;
  effect.doubt_follows = !next;
  if (!next) return;
  effect.jumped_by = kFillField;
  draft.cursor = *next;
  draft.line = {.fresh_line = true};
}

}  // namespace

void Character(Draft& draft, char32_t character, Effect& effect) {
  const int width = term::CodePointWidth(character);
  if (width < 0) return draft.LoseTrack(effect);
  if (width == 0) return Combining(draft, character, effect);
  if (width > draft.columns()) return draft.LoseTrack(effect);
  if (draft.line.wrap_pending || draft.cursor.column + width > draft.columns()) {
    if (!WrapCursor(draft, effect)) return draft.LoseTrack(effect);
  }
  BeginLine(draft, effect);
  effect.proves = std::exchange(draft.line.entered_by, 0);
  RowModel cells = draft.Row(draft.cursor.row);
  const term::Rendition rendition = draft.RenditionFor(cells, draft.cursor.column);
  // Behind the end of a field comes the next field, or nothing more.
  const bool replaces = draft.lessons->TypingIn(draft.cursor.row) == Typing::kOverwrites &&
                        !cells[draft.cursor.column].cell.blank() &&
                        !draft.SuggestionAt(cells, draft.cursor.column);
  const bool ended = !replaces && cells.TextEnd(draft.cursor.column) == draft.cursor.column;
  if (std::exchange(draft.line.replacing, replaces) && ended) effect.doubtful = true;
  MakeRoom(draft, cells, draft.cursor.column, width);
  const term::StyleId style = draft.base.InternStyle(rendition);
  const term::Cell cell = term::Cell::OfCodePoint(character, style, width == 2);
  cells.Put(draft.cursor.column, cell, draft.base.InternStyle(rendition.BackgroundOnly()));
  effect.typed = draft.cursor;
  effect.glyph = cell;
  draft.Store(draft.cursor.row, std::move(cells), effect);
  AdvanceCursor(draft, width, effect);
  const int next = effect.typed->column + width;
  if (replaces && next < draft.columns() && draft.Row(effect.typed->row).TextEnd(next) == next)
    FillField(draft, effect);
}

}  // namespace mosh::predict
