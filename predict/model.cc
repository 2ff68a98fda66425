#include "predict/model.h"

#include <utility>

#include "predict/editing.h"
#include "predict/line_editing.h"
#include "predict/modal_commands.h"
#include "predict/prompt_memory.h"
#include "predict/typing.h"

namespace mosh::predict {
namespace {

// What these do is much the same in all shells.
bool EditsLine(KeyKind kind) {
  switch (kind) {
    case KeyKind::kLeft:
    case KeyKind::kRight:
    case KeyKind::kDelete:
    case KeyKind::kWordLeft:
    case KeyKind::kWordRight:
    case KeyKind::kLineStart:
    case KeyKind::kLineEnd:
    case KeyKind::kKillToEnd:
    case KeyKind::kKillToStart:
    case KeyKind::kKillWord:
      return true;
    default:
      return false;
  }
}

// The editor is one whose keys are known, and this is one of them.
bool IsKnownToEditor(const Draft& draft, const Key& key) {
  if (!draft.lessons->editor || !draft.IsEditor() || draft.MayBeCommandLine()) return false;
  const bool vi = draft.lessons->editor->kind == EditorLooks::Kind::kVi;
  switch (key.kind) {
    case KeyKind::kCharacter:
      if (draft.line.mood != Mood::kCommands) return false;
      return vi && !(OpensLine(key.character) && IsIndented(draft));
    case KeyKind::kReturn:
      return !IsIndented(draft);
    case KeyKind::kEscape:
      return vi;
    case KeyKind::kUp:
    case KeyKind::kDown:
      return true;
    case KeyKind::kLineStart:
    case KeyKind::kLineEnd:
      return !vi;
    default:
      return false;
  }
}

void Return(Draft& draft, Effect& effect) {
  if (draft.line.mood == Mood::kCommands) return draft.LoseTrack(effect);
  if (draft.IsEditor() && !draft.MayBeCommandLine()) return BreakLine(draft, effect);
  effect.doubtful = true;
  draft.line = {.fresh_line = true, .after_return = true};
  if (draft.cursor.row + 1 < draft.base.rows()) {
    draft.cursor = {draft.cursor.row + 1, 0};
    return;
  }
  draft.cursor.column = 0;
  RowModel cells = draft.Row(draft.cursor.row);
  cells.Forget();
  draft.Store(draft.cursor.row, std::move(cells), effect);
}

// A key that has always taken the cursor to the same place. What is asked for there, the place
// tells.
void Jump(Draft& draft, Effect& effect) {
  const std::optional<Position> target =
      draft.lessons->jumps.Target(effect.spelling, draft.cursor.row);
  draft.LoseTrack(effect);
  if (!target || target->row >= draft.base.rows() || target->column >= draft.columns()) return;
  draft.cursor = *target;
  effect.doubtful = false;
  effect.asks_again = !draft.lessons->all_fields_echo;
  effect.discreet = true;
  effect.jumped_by = effect.spelling;
}

}  // namespace

Effect Model::Press(const Key& key) {
  Effect effect;
  effect.spelling = key.spelling;
  effect.edits_line = EditsLine(key.kind) && draft_.LineStartColumn().value_or(0) > 0;
  const bool known_to_editor = IsKnownToEditor(draft_, key);
  const std::optional<int> wanted = std::exchange(draft_.line.wanted, std::nullopt);
  switch (key.kind) {
    case KeyKind::kCharacter:
      if (draft_.line.mood == Mood::kCommands) {
        draft_.line.wanted = wanted;
        Command(draft_, key.character, effect);
      } else {
        Character(draft_, key.character, effect);
      }
      break;
    case KeyKind::kBackspace:
      Backspace(draft_, effect);
      break;
    case KeyKind::kDelete:
      Delete(draft_, effect);
      break;
    case KeyKind::kLeft:
      Left(draft_, effect);
      break;
    case KeyKind::kRight:
      Right(draft_, effect);
      break;
    case KeyKind::kUp:
      draft_.line.wanted = wanted;
      Vertical(draft_, -1, effect);
      break;
    case KeyKind::kDown:
      draft_.line.wanted = wanted;
      Vertical(draft_, 1, effect);
      break;
    case KeyKind::kWordLeft:
      WordLeft(draft_, effect);
      break;
    case KeyKind::kWordRight:
      WordRight(draft_, effect);
      break;
    case KeyKind::kLineStart:
      LineStart(draft_, effect);
      break;
    case KeyKind::kLineEnd:
      LineEnd(draft_, effect);
      break;
    case KeyKind::kKillToEnd:
      KillToEnd(draft_, effect);
      break;
    case KeyKind::kKillToStart:
      KillToStart(draft_, effect);
      break;
    case KeyKind::kKillWord:
      KillWord(draft_, effect);
      break;
    case KeyKind::kReturn:
      Return(draft_, effect);
      break;
    case KeyKind::kEscape:
      Escape(draft_, effect);
      break;
    case KeyKind::kPaste:
      draft_.LoseTrack(effect);
      break;
    case KeyKind::kOther:
      Jump(draft_, effect);
      break;
  }
  const bool sure =
      draft_.lessons->keys.Trusts(effect.spelling) || effect.jumped_by != 0 ||
      ((effect.edits_line || known_to_editor) && !draft_.lessons->keys.Failed(effect.spelling));
  if (!sure) effect.doubtful = true;
  if (key.kind != KeyKind::kCharacter) draft_.line.wrap_pending = false;
  effect.after = draft_.cursor;
  return effect;
}

}  // namespace mosh::predict
