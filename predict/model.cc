#include "predict/model.h"

#include <algorithm>

#include "predict/prompt_memory.h"
#include "term/utf8.h"
#include "term/width.h"

namespace mosh::predict {
namespace {

// Grey, as shells draw what they suggest: fish's and zsh-autosuggestions' bright black, or a dark
// to middle grey of the 256-colour palette, or faint.
bool IsGrey(const term::Rendition& rendition) {
  if (rendition.has(term::Attribute::kFaint)) return true;
  const term::Color color = rendition.foreground();
  if (color.kind() == term::Color::Kind::kPalette) {
    return color.index() == 8 || (color.index() >= 236 && color.index() <= 247);
  }
  if (color.kind() != term::Color::Kind::kRgb) return false;
  const auto [low, high] = std::minmax({color.red(), color.green(), color.blue()});
  return high - low < 0x18 && high >= 0x30 && high <= 0xA0;
}

bool IsWordCharacter(const term::Cell& cell) {
  if (cell.blank()) return false;
  if (cell.is_cluster() || cell.wide() || cell.wide_tail()) return true;
  const char32_t c = cell.code_point();
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0xC0;
}

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

}  // namespace

Model::Model(term::Screen base, const Start& start, const Lessons* lessons)
    : base_(std::move(base)),
      line_(start),
      lessons_(lessons),
      cursor_{base_.cursor().row, base_.cursor().column} {}

const RowModel* Model::Touched(int row) const {
  for (const ChangedRow& touched : touched_) {
    if (touched.row == row) return touched.cells.get();
  }
  return nullptr;
}

RowModel Model::Row(int row) const {
  const RowModel* const touched = Touched(row);
  return touched != nullptr ? *touched : RowModel(base_, row);
}

void Model::Store(int row, RowModel cells, Effect& effect) {
  const ChangedRow changed = {row, std::make_shared<const RowModel>(std::move(cells))};
  effect.rows.push_back(changed);
  for (ChangedRow& touched : touched_) {
    if (touched.row != row) continue;
    touched = changed;
    return;
  }
  touched_.push_back(changed);
}

Effect Model::Press(const Key& key) {
  Effect effect;
  effect.spelling = key.spelling;
  effect.edits_line = EditsLine(key.kind) && LineStartColumn().value_or(0) > 0;
  const std::optional<int> wanted = std::exchange(line_.wanted, std::nullopt);
  switch (key.kind) {
    case KeyKind::kCharacter:
      if (line_.mood == Mood::kCommands) {
        line_.wanted = wanted;
        Command(key.character, effect);
      } else {
        Character(key.character, effect);
      }
      break;
    case KeyKind::kBackspace:
      Backspace(effect);
      break;
    case KeyKind::kDelete:
      Delete(effect);
      break;
    case KeyKind::kLeft:
      Left(effect);
      break;
    case KeyKind::kRight:
      Right(effect);
      break;
    case KeyKind::kUp:
      line_.wanted = wanted;
      Vertical(-1, effect);
      break;
    case KeyKind::kDown:
      line_.wanted = wanted;
      Vertical(1, effect);
      break;
    case KeyKind::kWordLeft:
      WordLeft(effect);
      break;
    case KeyKind::kWordRight:
      WordRight(effect);
      break;
    case KeyKind::kLineStart:
      LineStart(effect);
      break;
    case KeyKind::kLineEnd:
      LineEnd(effect);
      break;
    case KeyKind::kKillToEnd:
      KillToEnd(effect);
      break;
    case KeyKind::kKillToStart:
      KillToStart(effect);
      break;
    case KeyKind::kKillWord:
      KillWord(effect);
      break;
    case KeyKind::kReturn:
      Return(effect);
      break;
    case KeyKind::kEscape:
      Escape(effect);
      break;
    case KeyKind::kPaste:
      Other(effect);
      break;
    case KeyKind::kOther:
      Jump(effect);
      break;
  }
  const bool sure = lessons_->keys.Trusts(effect.spelling) || effect.jumped ||
                    (effect.edits_line && !lessons_->keys.Failed(effect.spelling));
  if (!sure) effect.doubtful = true;
  if (key.kind != KeyKind::kCharacter) line_.wrap_pending = false;
  effect.after = cursor_;
  return effect;
}

std::optional<int> Model::LineStartColumn() const {
  if (!line_.line_start || line_.line_start->row != cursor_.row) return std::nullopt;
  if (line_.line_start->column > cursor_.column) return std::nullopt;
  return line_.line_start->column;
}

term::Rendition Model::RenditionFor(const RowModel& cells, int column) const {
  if (column == 0) return base_.current_rendition();
  const int left = cells.LeadOf(column - 1);
  if (cells[left].origin != Origin::kUnknown) return base_.rendition(cells[left].cell);
  return base_.rendition(base_.cell(cursor_.row, left));
}

bool Model::SuggestionAt(const RowModel& cells, int column) const {
  const auto is_grey = [&](int at) { return IsGrey(base_.rendition(cells[at].cell)); };
  if (column > 0 && is_grey(cells.LeadOf(column - 1))) return false;
  int at = column;
  // Its next word begins with a blank.
  if (column > 0 && column < cells.columns() && cells[column].cell.blank() &&
      !cells[column - 1].cell.blank()) {
    ++at;
  }
  return at < cells.columns() && !cells[at].cell.blank() && is_grey(at);
}

// --- Typing -------------------------------------------------------------------------------------

// Where it begins bounds what editing keys are guessed to do.
void Model::BeginLine(Effect& effect) {
  if (!line_.fresh_line) return;
  line_.fresh_line = false;
  effect.begins_line = true;
  if (line_.after_return || PromptBefore(base_, cursor_)) line_.line_start = cursor_;
}

// To the next row's start. False on the bottom row: everything would move.
bool Model::WrapCursor(Effect& effect) {
  // That the cursor waits behind the last column has been seen; else programs differ.
  effect.doubtful = !line_.wrap_pending && lessons_->edge != Edge::kWraps;
  line_.wrap_pending = false;
  if (cursor_.row + 1 >= base_.rows()) return false;
  cursor_ = {cursor_.row + 1, 0};
  return true;
}

void Model::Character(char32_t character, Effect& effect) {
  const int width = term::CodePointWidth(character);
  if (width < 0) return Other(effect);
  if (width == 0) return Combining(character, effect);
  if (width > columns()) return Other(effect);
  if (line_.wrap_pending || cursor_.column + width > columns()) {
    if (!WrapCursor(effect)) return Other(effect);
  }
  BeginLine(effect);
  effect.proves = std::exchange(line_.entered_by, 0);
  RowModel cells = Row(cursor_.row);
  const term::Rendition rendition = RenditionFor(cells, cursor_.column);
  // Behind the end of a field comes the next field, or nothing more.
  const bool replaces = lessons_->TypingIn(cursor_.row) == Typing::kOverwrites &&
                        !cells[cursor_.column].cell.blank() && !SuggestionAt(cells, cursor_.column);
  const bool ended = !replaces && cells.TextEnd(cursor_.column) == cursor_.column;
  if (std::exchange(line_.replacing, replaces) && ended) effect.doubtful = true;
  MakeRoom(cells, cursor_.column, width);
  const term::StyleId style = base_.InternStyle(rendition);
  const term::Cell cell = term::Cell::OfCodePoint(character, style, width == 2);
  cells.Put(cursor_.column, cell, base_.InternStyle(rendition.BackgroundOnly()));
  effect.typed = cursor_;
  effect.glyph = cell;
  Store(cursor_.row, std::move(cells), effect);
  AdvanceCursor(width, effect);
}

// Onto the character before the cursor.
void Model::Combining(char32_t character, Effect& effect) {
  if (cursor_.column == 0 || line_.wrap_pending) return Other(effect);
  RowModel cells = Row(cursor_.row);
  const int column = cells.LeadOf(cursor_.column - 1);
  const ModelCell& carrier = cells[column];
  if (carrier.cell.empty() || carrier.origin == Origin::kUnknown) return Other(effect);
  std::string text = base_.CellText(carrier.cell);
  term::AppendUtf8(character, &text);
  const term::Cell cell = carrier.cell.WithCluster(base_.InternCluster(text));
  const term::Rendition rendition = base_.rendition(cell);
  cells.Put(column, cell, base_.InternStyle(rendition.BackgroundOnly()));
  effect.typed = Position{cursor_.row, column};
  effect.glyph = cell;
  Store(cursor_.row, std::move(cells), effect);
}

// What happens to the text where a character goes. A suggestion is typed over: what becomes of the
// rest of it, the program knows.
void Model::MakeRoom(RowModel& cells, int column, int width) const {
  if (SuggestionAt(cells, column)) return;
  if (lessons_->TypingIn(cursor_.row) == Typing::kInserts) cells.OpenGap(column, width);
}

// Programs differ in the last column: some wrap at once, some wait for the next character.
void Model::AdvanceCursor(int width, Effect& effect) {
  const int column = cursor_.column + width;
  if (column < columns()) {
    cursor_.column = column;
    return;
  }
  if (lessons_->edge == Edge::kUnknown || cursor_.row + 1 == base_.rows()) {
    effect.doubtful = true;
    effect.doubt_follows = true;
  }
  effect.alternative = Position{cursor_.row, columns() - 1};
  if (cursor_.row + 1 < base_.rows() && lessons_->edge != Edge::kWaits) {
    cursor_ = {cursor_.row + 1, 0};
  } else {
    cursor_.column = columns() - 1;
    line_.wrap_pending = true;
  }
}

// --- Editing ------------------------------------------------------------------------------------

void Model::Backspace(Effect& effect) {
  const std::optional<int> start = LineStartColumn();
  if (cursor_.column == 0 || line_.wrap_pending) return;
  if (start && cursor_.column == *start) {
    // A shell does nothing, an editor may join lines.
    effect.doubt_follows = true;
    return;
  }
  RowModel cells = Row(cursor_.row);
  const int column = cells.LeadOf(cursor_.column - 1);
  const int width = cursor_.column - column;
  if (SuggestionAt(cells, cursor_.column)) {
    // What was typed may be suggested now.
    cells.Doubt(column, cursor_.column);
  } else if (lessons_->TypingIn(cursor_.row) == Typing::kInserts) {
    cells.Close(column, width);
  } else if (cursor_.column < columns() && !cells[cursor_.column].cell.blank()) {
    // Where text is replaced, fields are filled with something.
    cells.Doubt(column, cursor_.column);
  } else {
    cells.Erase(column, cursor_.column);
  }
  Store(cursor_.row, std::move(cells), effect);
  cursor_.column = column;
}

void Model::Delete(Effect& effect) {
  RowModel cells = Row(cursor_.row);
  if (cells.TextEnd(cursor_.column) == cursor_.column) return Other(effect);
  if (SuggestionAt(cells, cursor_.column)) return Other(effect);
  cells.Close(cursor_.column, cells.WidthAt(cursor_.column));
  Store(cursor_.row, std::move(cells), effect);
}

void Model::Left(Effect& effect) {
  const std::optional<int> start = LineStartColumn();
  effect.discreet = lessons_->text_bottom.has_value();
  if (cursor_.column == 0) return;
  if (start && cursor_.column == *start) {
    effect.doubt_follows = true;
    return;
  }
  cursor_.column = Row(cursor_.row).LeadOf(cursor_.column - 1);
}

// Nobody goes right of where the text ends; what happens instead differs.
void Model::Right(Effect& effect) {
  const RowModel cells = Row(cursor_.row);
  const int column = cursor_.column;
  effect.discreet = lessons_->text_bottom.has_value();
  if (SuggestionAt(cells, column)) return AcceptSuggestion(effect);
  if (cells.TextEnd(column) == column) {
    effect.doubt_follows = true;
    return;
  }
  const int next = column + cells.WidthAt(column);
  if (next < columns()) cursor_.column = next;
}

int Model::TextEndOf(int row) const {
  const RowModel cells = Row(row);
  int end = cells.columns();
  while (end > 0 && cells[end - 1].cell.blank()) --end;
  return end;
}

void Model::AcceptSuggestion(Effect& effect) {
  const RowModel cells = Row(cursor_.row);
  const int end = cells.TextEnd(cursor_.column);
  if (end >= columns()) return Other(effect);
  cursor_.column = end;
  effect.spelling = kAcceptSuggestion;
}

// In an editor or a list; in a shell these bring other lines, and in a form another field, which
// may be one for a password: only in an editor what is typed next is sure to be text again.
void Model::Vertical(int rows, Effect& effect) {
  const int row = cursor_.row + rows;
  const bool commands = line_.mood == Mood::kCommands;
  if ((!commands && LineStartColumn()) || row < 0 || row >= base_.rows()) return Other(effect);
  const RowModel cells = Row(row);
  int end = TextEndOf(row);
  // vi's mark for a row beyond the end of the text.
  if (end == 1 && cells[0].cell.code_point() == '~') return Other(effect);
  const int wanted = line_.wanted.value_or(cursor_.column);
  // A cursor beyond the text is not in a text: that is a list.
  if (cursor_.column > TextEndOf(cursor_.row)) end = columns();
  if (commands && end > 0) --end;
  effect.discreet = true;
  if (!lessons_->text_bottom) effect.asks_again = true;
  cursor_ = {row, cells.LeadOf(std::min(wanted, end))};
  line_.wanted = wanted;
}

void Model::WordLeft(Effect& effect) {
  const std::optional<int> start = LineStartColumn();
  if (!start) return Other(effect);
  const RowModel cells = Row(cursor_.row);
  int column = cursor_.column;
  while (column > *start && !IsWordCharacter(cells[column - 1].cell)) --column;
  while (column > *start && IsWordCharacter(cells[column - 1].cell)) --column;
  cursor_.column = column;
}

void Model::WordRight(Effect& effect) {
  if (!LineStartColumn()) return Other(effect);
  const RowModel cells = Row(cursor_.row);
  if (SuggestionAt(cells, cursor_.column)) return Other(effect);
  const int end = cells.TextEnd(cursor_.column);
  int column = cursor_.column;
  while (column < end && !IsWordCharacter(cells[column].cell)) ++column;
  while (column < end && IsWordCharacter(cells[column].cell)) ++column;
  if (column >= columns()) return Other(effect);
  cursor_.column = column;
}

void Model::LineStart(Effect& effect) {
  const std::optional<int> start = LineStartColumn();
  if (!start && !IsEditor()) return Other(effect);
  cursor_.column = start.value_or(0);
}

void Model::LineEnd(Effect& effect) {
  if (!LineStartColumn() && !IsEditor()) return Other(effect);
  const RowModel cells = Row(cursor_.row);
  const int end = IsEditor() ? TextEndOf(cursor_.row) : cells.TextEnd(cursor_.column);
  for (int column = cursor_.column; column < end; ++column) {
    if (SuggestionAt(cells, column)) return Other(effect);
  }
  if (end >= columns()) return Other(effect);
  cursor_.column = end;
}

void Model::KillToEnd(Effect& effect) {
  if (!LineStartColumn()) return Other(effect);
  RowModel cells = Row(cursor_.row);
  cells.Erase(cursor_.column, cells.TextEnd(cursor_.column));
  Store(cursor_.row, std::move(cells), effect);
}

void Model::KillToStart(Effect& effect) {
  const std::optional<int> start = LineStartColumn();
  if (!start) return Other(effect);
  RowModel cells = Row(cursor_.row);
  if (cells.TextEnd(cursor_.column) > cursor_.column) {
    // Some take the rest of the line along.
    effect.spelling = kKillBeforeText;
    effect.edits_line = false;
  }
  cells.Close(*start, cursor_.column - *start);
  Store(cursor_.row, std::move(cells), effect);
  cursor_.column = *start;
}

void Model::KillWord(Effect& effect) {
  const std::optional<int> start = LineStartColumn();
  if (!start) return Other(effect);
  RowModel cells = Row(cursor_.row);
  int column = cursor_.column;
  while (column > *start && cells[column - 1].cell.blank()) --column;
  while (column > *start && !cells[column - 1].cell.blank()) --column;
  cells.Close(column, cursor_.column - column);
  Store(cursor_.row, std::move(cells), effect);
  cursor_.column = column;
}

// --- Editors ------------------------------------------------------------------------------------

// A program that keeps the whole screen shows something below the line that is being typed in;
// one that asks line after line does not.
bool Model::HasTextBelow() const {
  for (int row = cursor_.row + 1; row < base_.rows(); ++row) {
    if (TextEndOf(row) > 0) return true;
  }
  return false;
}

bool Model::IsEditor() const {
  return lessons_->text_bottom && cursor_.row <= *lessons_->text_bottom && HasTextBelow();
}

// The line began behind something, or has a prompt in it: in a terminal that another program keeps
// a status line in, this may be a shell, and its command may ask for a password.
bool Model::MayBeCommandLine() const {
  if (line_.line_start && line_.line_start->column > 0) return true;
  if (line_.fresh_line && line_.after_return && cursor_.column > 0) return true;
  const RowModel cells = Row(cursor_.row);
  for (int column = 0; column + 1 < cursor_.column; ++column) {
    if (EndsPrompt(cells[column].cell) && cells[column + 1].cell.blank()) return true;
  }
  return false;
}

// A new row in front of `row`; the rows from there on go down.
void Model::InsertRow(int row, RowModel cells, Effect& effect) {
  for (int below = *lessons_->text_bottom; below > row; --below) {
    RowModel moved = Row(below - 1);
    moved.MarkMoved();
    Store(below, std::move(moved), effect);
  }
  Store(row, std::move(cells), effect);
}

void Model::BreakLine(Effect& effect) {
  if (cursor_.row >= *lessons_->text_bottom) return Other(effect);
  line_ = {.fresh_line = true, .after_return = true, .entered_by = kBreakLine};
  effect.spelling = kBreakLine;
  RowModel left = Row(cursor_.row);
  RowModel right = left;
  right.MarkMoved();
  right.Erase(0, cursor_.column);
  right.Shift(cursor_.column);
  left.Erase(cursor_.column, columns());
  InsertRow(cursor_.row + 1, std::move(right), effect);
  Store(cursor_.row, std::move(left), effect);
  cursor_ = {cursor_.row + 1, 0};
}

// In a modal editor the cursor goes onto the last character typed, and letters become commands.
void Model::Escape(Effect& effect) {
  if (line_.mood != Mood::kTyping || !HasTextBelow()) return Other(effect);
  if (cursor_.column > 0) cursor_.column = Row(cursor_.row).LeadOf(cursor_.column - 1);
  line_.mood = Mood::kCommands;
  ShowMood(Mood::kTyping, effect);
  effect.discreet = true;
}

// The bottom row says what letters are.
void Model::ShowMood(Mood before, Effect& effect) {
  const auto was = lessons_->mode_lines.find(before);
  const auto is = lessons_->mode_lines.find(line_.mood);
  if (was == lessons_->mode_lines.end() || is == lessons_->mode_lines.end()) return;
  const int row = base_.rows() - 1;
  RowModel cells = Row(row);
  if (cursor_.row == row || !Shows(cells, was->second)) return;
  PutModeLine(is->second, base_, cells);
  Store(row, std::move(cells), effect);
}

// vi's commands; many programs have some of them.
void Model::Command(char32_t command, Effect& effect) {
  if (command < 0x80) effect.spelling = CommandSpelling(command);
  const RowModel cells = Row(cursor_.row);
  const int end = TextEndOf(cursor_.row);
  switch (command) {
    case 'j':
      return Vertical(1, effect);
    case 'k':
      return Vertical(-1, effect);
    case 'h':
      return CommandColumn(cursor_.column > 0 ? cells.LeadOf(cursor_.column - 1) : -1, effect);
    case 'l':
      return CommandColumn(cursor_.column + cells.WidthAt(cursor_.column), effect);
    case '0':
      return CommandColumn(0, effect);
    case '$':
      return CommandColumn(end > 0 ? cells.LeadOf(end - 1) : 0, effect);
    case 'w':
      return NextWord(effect);
    case 'b':
      return PreviousWord(effect);
    case 'x':
      return DeleteUnderCursor(effect);
    case 'i':
      return BeginTyping(cursor_.column, effect);
    case 'a':
      return BeginTyping(end > 0 ? cursor_.column + cells.WidthAt(cursor_.column) : 0, effect);
    case 'A':
      return BeginTyping(end, effect);
    case 'o':
      return OpenLine(cursor_.row + 1, effect);
    case 'O':
      return OpenLine(cursor_.row, effect);
    default:
      return Other(effect);
  }
}

// Within the text.
void Model::CommandColumn(int column, Effect& effect) {
  line_.wanted.reset();
  if (column < 0 || column >= std::max(1, TextEndOf(cursor_.row))) return Other(effect);
  cursor_.column = column;
  effect.discreet = true;
}

void Model::NextWord(Effect& effect) {
  const RowModel cells = Row(cursor_.row);
  int column = cursor_.column;
  const bool word = IsWordCharacter(cells[column].cell);
  while (column < columns() && !cells[column].cell.blank() &&
         IsWordCharacter(cells[column].cell) == word) {
    ++column;
  }
  while (column < columns() && cells[column].cell.blank()) ++column;
  CommandColumn(column, effect);
}

void Model::PreviousWord(Effect& effect) {
  const RowModel cells = Row(cursor_.row);
  int column = cursor_.column - 1;
  while (column >= 0 && cells[column].cell.blank()) --column;
  if (column < 0) return Other(effect);
  const bool word = IsWordCharacter(cells[column].cell);
  while (column > 0 && !cells[column - 1].cell.blank() &&
         IsWordCharacter(cells[column - 1].cell) == word) {
    --column;
  }
  CommandColumn(column, effect);
}

void Model::DeleteUnderCursor(Effect& effect) {
  const int end = TextEndOf(cursor_.row);
  if (cursor_.column >= end) return Other(effect);
  RowModel cells = Row(cursor_.row);
  const int width = cells.WidthAt(cursor_.column);
  cells.Close(cursor_.column, width);
  Store(cursor_.row, std::move(cells), effect);
  if (cursor_.column > 0 && cursor_.column + width >= end) {
    cursor_.column = Row(cursor_.row).LeadOf(cursor_.column - 1);
  }
  effect.discreet = true;
}

// Letters are text again. The first one's echo will tell whether that is so.
void Model::BeginTyping(int column, Effect& effect) {
  if (column >= columns()) return Other(effect);
  cursor_.column = column;
  line_ = {.entered_by = effect.spelling};
  ShowMood(Mood::kCommands, effect);
  effect.discreet = true;
}

void Model::OpenLine(int row, Effect& effect) {
  if (!lessons_->text_bottom || row > *lessons_->text_bottom) return Other(effect);
  RowModel cells = Row(row);
  cells.MarkMoved();
  cells.Erase(0, columns());
  InsertRow(row, std::move(cells), effect);
  cursor_ = {row, 0};
  line_ = {.entered_by = effect.spelling};
  ShowMood(Mood::kCommands, effect);
  effect.discreet = true;
}

// --- What leads elsewhere -----------------------------------------------------------------------

void Model::Return(Effect& effect) {
  if (line_.mood == Mood::kCommands) return Other(effect);
  if (IsEditor() && !MayBeCommandLine()) return BreakLine(effect);
  effect.doubtful = true;
  line_ = {.fresh_line = true, .after_return = true};
  if (cursor_.row + 1 < base_.rows()) {
    cursor_ = {cursor_.row + 1, 0};
    return;
  }
  cursor_.column = 0;
  RowModel cells = Row(cursor_.row);
  cells.Forget();
  Store(cursor_.row, std::move(cells), effect);
}

// A key that has always taken the cursor to the same place. What is asked for there, the place
// tells.
void Model::Jump(Effect& effect) {
  const std::optional<Position> target = lessons_->jumps.Target(effect.spelling, cursor_.row);
  Other(effect);
  if (!target || target->row >= base_.rows() || target->column >= columns()) return;
  cursor_ = *target;
  effect.doubtful = false;
  effect.asks_again = true;
  effect.discreet = true;
  effect.jumped = true;
}

void Model::Other(Effect& effect) {
  effect.doubtful = true;
  line_.fresh_line = true;
  line_.after_return = false;
  line_.mood = Mood::kTyping;
}

}  // namespace mosh::predict
