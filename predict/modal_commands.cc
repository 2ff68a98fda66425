#include "predict/modal_commands.h"

#include <algorithm>
#include <utility>

#include "predict/editing.h"

namespace mosh::predict {
namespace {

// Within the text.
void CommandColumn(Draft& draft, int column, Effect& effect) {
  draft.line.wanted.reset();
  if (column < 0 || column >= std::max(1, draft.TextEndOf(draft.cursor.row)))
    return draft.LoseTrack(effect);
  draft.cursor.column = column;
  effect.discreet = true;
}

void NextWord(Draft& draft, Effect& effect) {
  const RowModel cells = draft.Row(draft.cursor.row);
  int column = draft.cursor.column;
  const bool word = IsWordCharacter(cells[column].cell);
  while (column < draft.columns() && !cells[column].cell.blank() &&
         IsWordCharacter(cells[column].cell) == word) {
    ++column;
  }
  while (column < draft.columns() && cells[column].cell.blank()) ++column;
  CommandColumn(draft, column, effect);
}

void PreviousWord(Draft& draft, Effect& effect) {
  const RowModel cells = draft.Row(draft.cursor.row);
  int column = draft.cursor.column - 1;
  while (column >= 0 && cells[column].cell.blank()) --column;
  if (column < 0) return draft.LoseTrack(effect);
  const bool word = IsWordCharacter(cells[column].cell);
  while (column > 0 && !cells[column - 1].cell.blank() &&
         IsWordCharacter(cells[column - 1].cell) == word) {
    --column;
  }
  CommandColumn(draft, column, effect);
}

void DeleteUnderCursor(Draft& draft, Effect& effect) {
  const int end = draft.TextEndOf(draft.cursor.row);
  if (draft.cursor.column >= end) return draft.LoseTrack(effect);
  RowModel cells = draft.Row(draft.cursor.row);
  const int width = cells.WidthAt(draft.cursor.column);
  cells.Close(draft.cursor.column, width);
  draft.Store(draft.cursor.row, std::move(cells), effect);
  if (draft.cursor.column > 0 && draft.cursor.column + width >= end) {
    draft.cursor.column = draft.Row(draft.cursor.row).LeadOf(draft.cursor.column - 1);
  }
  effect.discreet = true;
}

// Letters are text again. The first one's echo will tell whether that is so.
void BeginTyping(Draft& draft, int column, Effect& effect) {
  if (column >= draft.columns()) return draft.LoseTrack(effect);
  draft.cursor.column = column;
  draft.line = {.entered_by = effect.spelling};
  ShowMood(draft, Mood::kCommands, effect);
  effect.discreet = true;
}

void OpenLine(Draft& draft, int row, Effect& effect) {
  if (!draft.lessons->text_bottom || row > *draft.lessons->text_bottom)
    return draft.LoseTrack(effect);
  RowModel cells = draft.Row(row);
  cells.MarkMoved();
  cells.Erase(0, draft.columns());
  InsertRow(draft, row, std::move(cells), effect);
  draft.cursor = {row, 0};
  draft.line = {.entered_by = effect.spelling};
  ShowMood(draft, Mood::kCommands, effect);
  effect.discreet = true;
}

}  // namespace

// vi's commands; many programs have some of them.
void Command(Draft& draft, char32_t command, Effect& effect) {
  if (command < 0x80) effect.spelling = CommandSpelling(command);
  const RowModel cells = draft.Row(draft.cursor.row);
  const int end = draft.TextEndOf(draft.cursor.row);
  switch (command) {
    case 'j':
      return Vertical(draft, 1, effect);
    case 'k':
      return Vertical(draft, -1, effect);
    case 'h':
      return CommandColumn(
          draft, draft.cursor.column > 0 ? cells.LeadOf(draft.cursor.column - 1) : -1, effect);
    case 'l':
      return CommandColumn(draft, draft.cursor.column + cells.WidthAt(draft.cursor.column), effect);
    case '0':
      return CommandColumn(draft, 0, effect);
    case '$':
      return CommandColumn(draft, end > 0 ? cells.LeadOf(end - 1) : 0, effect);
    case 'w':
      return NextWord(draft, effect);
    case 'b':
      return PreviousWord(draft, effect);
    case 'x':
      return DeleteUnderCursor(draft, effect);
    case 'i':
      return BeginTyping(draft, draft.cursor.column, effect);
    case 'a':
      return BeginTyping(
          draft, end > 0 ? draft.cursor.column + cells.WidthAt(draft.cursor.column) : 0, effect);
    case 'A':
      return BeginTyping(draft, end, effect);
    case 'o':
      return OpenLine(draft, draft.cursor.row + 1, effect);
    case 'O':
      return OpenLine(draft, draft.cursor.row, effect);
    default:
      return draft.LoseTrack(effect);
  }
}

}  // namespace mosh::predict
