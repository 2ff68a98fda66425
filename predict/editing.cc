#include "predict/editing.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "term/cell.h"

namespace mosh::predict {

namespace {

// Other editors have no such mark: nothing is in the row and below it.
bool MayBeginBeyondTheText(const Draft& draft, int row) {
  if (!draft.lessons->text_bottom) return false;
  for (; row <= *draft.lessons->text_bottom; ++row) {
    if (draft.TextEndOf(row) > 0) return false;
  }
  return true;
}

bool LeavesTheText(const Draft& draft, int row) {
  if (row < 0 || row >= draft.base.rows()) return true;
  const std::optional<EditorLooks>& editor = draft.lessons->editor;
  return editor && (row < editor->text_top || row > editor->text_bottom);
}

}  // namespace

bool IsIndented(const Draft& draft) {
  return draft.TextEndOf(draft.cursor.row) > 0 && draft.Row(draft.cursor.row)[0].cell.blank();
}

// In an editor or a list; in a shell these bring other lines, and in a form another field, which
// may be one for a password: only in an editor what is typed next is sure to be text again.
void Vertical(Draft& draft, int rows, Effect& effect) {
  const int row = draft.cursor.row + rows;
  const bool commands = draft.line.mood == Mood::kCommands;
  const bool in_shell =
      !commands && draft.LineStartColumn() && (!draft.lessons->editor || draft.MayBeCommandLine());
  if (in_shell || LeavesTheText(draft, row)) {
    return draft.LoseTrack(effect);
  }
  const RowModel cells = draft.Row(row);
  int end = draft.TextEndOf(row);
  // vi's mark for a row beyond the end of the text.
  if (end == 1 && cells[0].cell.code_point() == '~') return draft.LoseTrack(effect);
  if (rows > 0 && MayBeginBeyondTheText(draft, row)) return draft.LoseTrack(effect);
  const int wanted = draft.line.wanted.value_or(draft.cursor.column);
  // A cursor beyond the text is not in a text: that is a list.
  if (draft.cursor.column > draft.TextEndOf(draft.cursor.row)) end = draft.columns();
  if (commands && end > 0) --end;
  effect.discreet = true;
  if (!draft.lessons->text_bottom) effect.asks_again = true;
  draft.cursor = {row, cells.LeadOf(std::min(wanted, end))};
  draft.line.wanted = wanted;
  // Not the line any more that Return began.
  draft.line.after_return = false;
}

// A new row in front of `row`; the rows from there on go down.
void InsertRow(Draft& draft, int row, RowModel cells, Effect& effect) {
  for (int below = *draft.lessons->text_bottom; below > row; --below) {
    RowModel moved = draft.Row(below - 1);
    moved.MarkMoved();
    draft.Store(below, std::move(moved), effect);
  }
  draft.Store(row, std::move(cells), effect);
}

void BreakLine(Draft& draft, Effect& effect) {
  if (draft.cursor.row >= *draft.lessons->text_bottom) return draft.LoseTrack(effect);
  RowModel left = draft.Row(draft.cursor.row);
  // The line may go on beyond the edge.
  const ModelCell& last = left[draft.columns() - 1];
  if (last.origin == Origin::kUnknown || !last.cell.blank()) return draft.LoseTrack(effect);
  draft.line = {.fresh_line = true, .after_return = true, .entered_by = kBreakLine};
  effect.spelling = kBreakLine;
  RowModel right = left;
  right.MarkMoved();
  right.Erase(0, draft.cursor.column);
  right.Shift(draft.cursor.column);
  left.Erase(draft.cursor.column, draft.columns());
  InsertRow(draft, draft.cursor.row + 1, std::move(right), effect);
  draft.Store(draft.cursor.row, std::move(left), effect);
  draft.cursor = {draft.cursor.row + 1, 0};
}

// The bottom row says what letters are.
void ShowMood(Draft& draft, Mood before, Effect& effect) {
  const auto was = draft.lessons->mode_lines.find(before);
  const auto is = draft.lessons->mode_lines.find(draft.line.mood);
  if (was == draft.lessons->mode_lines.end() || is == draft.lessons->mode_lines.end()) return;
  const int row = draft.base.rows() - 1;
  RowModel cells = draft.Row(row);
  if (draft.cursor.row == row || !Shows(cells, was->second)) return;
  PutModeLine(is->second, draft.base, cells);
  draft.Store(row, std::move(cells), effect);
}

// In a modal editor the cursor goes onto the last character typed, and letters become commands.
void Escape(Draft& draft, Effect& effect) {
  if (draft.line.mood != Mood::kTyping || !draft.HasTextBelow()) return draft.LoseTrack(effect);
  if (draft.cursor.column > 0)
    draft.cursor.column = draft.Row(draft.cursor.row).LeadOf(draft.cursor.column - 1);
  draft.line.mood = Mood::kCommands;
  ShowMood(draft, Mood::kTyping, effect);
  effect.discreet = true;
}

}  // namespace mosh::predict
