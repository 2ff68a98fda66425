#include "predict/line_editing.h"

#include <optional>
#include <utility>

namespace mosh::predict {
namespace {

void AcceptSuggestion(Draft& draft, Effect& effect) {
  const RowModel cells = draft.Row(draft.cursor.row);
  const int end = cells.TextEnd(draft.cursor.column);
  if (end >= draft.columns()) return draft.LoseTrack(effect);
  draft.cursor.column = end;
  effect.spelling = kAcceptSuggestion;
}

}  // namespace

void Backspace(Draft& draft, Effect& effect) {
  const std::optional<int> start = draft.LineStartColumn();
  if (draft.cursor.column == 0 || draft.line.wrap_pending) return;
  if (start && draft.cursor.column == *start) {
    // A shell does nothing, an editor may join lines.
    effect.doubt_follows = true;
    return;
  }
  RowModel cells = draft.Row(draft.cursor.row);
  const int column = cells.LeadOf(draft.cursor.column - 1);
  const int width = draft.cursor.column - column;
  if (draft.SuggestionAt(cells, draft.cursor.column)) {
    // What was typed may be suggested now.
    cells.Doubt(column, draft.cursor.column);
  } else if (draft.lessons->TypingIn(draft.cursor.row) == Typing::kInserts) {
    cells.Close(column, width);
  } else if (draft.lessons->filler && width == 1) {
    const term::StyleId style = cells[column].cell.style();
    cells.Fill(column, term::Cell::OfCodePoint(*draft.lessons->filler, style, false));
  } else if (draft.cursor.column < draft.columns() && !cells[draft.cursor.column].cell.blank()) {
    // Where text is replaced, fields are filled with something.
    cells.Doubt(column, draft.cursor.column);
  } else {
    cells.Erase(column, draft.cursor.column);
  }
  draft.Store(draft.cursor.row, std::move(cells), effect);
  draft.cursor.column = column;
}

void Delete(Draft& draft, Effect& effect) {
  RowModel cells = draft.Row(draft.cursor.row);
  if (cells.TextEnd(draft.cursor.column) == draft.cursor.column) return draft.LoseTrack(effect);
  if (draft.SuggestionAt(cells, draft.cursor.column)) return draft.LoseTrack(effect);
  cells.Close(draft.cursor.column, cells.WidthAt(draft.cursor.column));
  draft.Store(draft.cursor.row, std::move(cells), effect);
}

void Left(Draft& draft, Effect& effect) {
  const std::optional<int> start = draft.LineStartColumn();
  effect.discreet = draft.lessons->text_bottom.has_value();
  if (draft.cursor.column == 0) return;
  if (start && draft.cursor.column == *start) {
    effect.doubt_follows = true;
    return;
  }
  draft.cursor.column = draft.Row(draft.cursor.row).LeadOf(draft.cursor.column - 1);
}

// Nobody goes right of where the text ends; what happens instead differs.
void Right(Draft& draft, Effect& effect) {
  const RowModel cells = draft.Row(draft.cursor.row);
  const int column = draft.cursor.column;
  effect.discreet = draft.lessons->text_bottom.has_value();
  if (draft.SuggestionAt(cells, column)) return AcceptSuggestion(draft, effect);
  if (cells.TextEnd(column) == column) {
    effect.doubt_follows = true;
    return;
  }
  const int next = column + cells.WidthAt(column);
  if (next < draft.columns()) draft.cursor.column = next;
}

void WordLeft(Draft& draft, Effect& effect) {
  const std::optional<int> start = draft.LineStartColumn();
  if (!start) return draft.LoseTrack(effect);
  const RowModel cells = draft.Row(draft.cursor.row);
  int column = draft.cursor.column;
  while (column > *start && !IsWordCharacter(cells[column - 1].cell)) --column;
  while (column > *start && IsWordCharacter(cells[column - 1].cell)) --column;
  draft.cursor.column = column;
}

void WordRight(Draft& draft, Effect& effect) {
  if (!draft.LineStartColumn()) return draft.LoseTrack(effect);
  const RowModel cells = draft.Row(draft.cursor.row);
  if (draft.SuggestionAt(cells, draft.cursor.column)) return draft.LoseTrack(effect);
  const int end = cells.TextEnd(draft.cursor.column);
  int column = draft.cursor.column;
  while (column < end && !IsWordCharacter(cells[column].cell)) ++column;
  while (column < end && IsWordCharacter(cells[column].cell)) ++column;
  if (column >= draft.columns()) return draft.LoseTrack(effect);
  draft.cursor.column = column;
}

void LineStart(Draft& draft, Effect& effect) {
  const std::optional<int> start = draft.LineStartColumn();
  if (!start && !draft.IsEditor()) return draft.LoseTrack(effect);
  draft.cursor.column = start.value_or(0);
}

void LineEnd(Draft& draft, Effect& effect) {
  if (!draft.LineStartColumn() && !draft.IsEditor()) return draft.LoseTrack(effect);
  const RowModel cells = draft.Row(draft.cursor.row);
  const int end =
      draft.IsEditor() ? draft.TextEndOf(draft.cursor.row) : cells.TextEnd(draft.cursor.column);
  for (int column = draft.cursor.column; column < end; ++column) {
    if (draft.SuggestionAt(cells, column)) return draft.LoseTrack(effect);
  }
  if (end >= draft.columns()) return draft.LoseTrack(effect);
  draft.cursor.column = end;
}

void KillToEnd(Draft& draft, Effect& effect) {
  if (!draft.LineStartColumn()) return draft.LoseTrack(effect);
  RowModel cells = draft.Row(draft.cursor.row);
  cells.Erase(draft.cursor.column, cells.TextEnd(draft.cursor.column));
  draft.Store(draft.cursor.row, std::move(cells), effect);
}

void KillToStart(Draft& draft, Effect& effect) {
  const std::optional<int> start = draft.LineStartColumn();
  if (!start) return draft.LoseTrack(effect);
  RowModel cells = draft.Row(draft.cursor.row);
  if (cells.TextEnd(draft.cursor.column) > draft.cursor.column) {
    // Some take the rest of the line along.
    effect.spelling = kKillBeforeText;
    effect.edits_line = false;
  }
  cells.Close(*start, draft.cursor.column - *start);
  draft.Store(draft.cursor.row, std::move(cells), effect);
  draft.cursor.column = *start;
}

void KillWord(Draft& draft, Effect& effect) {
  const std::optional<int> start = draft.LineStartColumn();
  if (!start) return draft.LoseTrack(effect);
  RowModel cells = draft.Row(draft.cursor.row);
  int column = draft.cursor.column;
  while (column > *start && cells[column - 1].cell.blank()) --column;
  while (column > *start && !cells[column - 1].cell.blank()) --column;
  cells.Close(column, draft.cursor.column - column);
  draft.Store(draft.cursor.row, std::move(cells), effect);
  draft.cursor.column = column;
}

}  // namespace mosh::predict
