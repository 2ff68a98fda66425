#include "predict/model.h"

#include <algorithm>
#include <iterator>

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

// What is to the left of `at` looks like a command prompt, and nothing follows it.
bool EndsInPrompt(const term::Screen& screen, Position at) {
  // The last five are common in shells dressed up by their users.
  static constexpr char32_t kEnds[] = {'$', '#', '%', '>', 0x276F, 0x279C, 0x00BB, 0x203A, 0x03BB};
  if (at.column < 2 || at.column >= screen.columns()) return false;
  if (!screen.cell(at.row, at.column - 1).blank()) return false;
  const term::Cell& end = screen.cell(at.row, at.column - 2);
  if (end.is_cluster()) return false;
  if (std::find(std::begin(kEnds), std::end(kEnds), end.code_point()) == std::end(kEnds)) {
    return false;
  }
  return RowModel(screen, at.row).TextEnd(at.column) == at.column;
}

}  // namespace

Model::Model(term::Screen base, const Start& start, const Lessons* lessons)
    : base_(std::move(base)),
      line_(start),
      lessons_(lessons),
      cursor_{base_.cursor().row, base_.cursor().column} {}

const RowModel* Model::Touched(int row) const {
  for (const auto& [touched_row, cells] : touched_) {
    if (touched_row == row) return cells.get();
  }
  return nullptr;
}

RowModel Model::Row(int row) const {
  const RowModel* const touched = Touched(row);
  return touched != nullptr ? *touched : RowModel(base_, row);
}

void Model::Store(int row, RowModel cells, Effect& effect) {
  effect.row = row;
  effect.cells = std::make_shared<const RowModel>(std::move(cells));
  for (auto& [touched_row, kept] : touched_) {
    if (touched_row == row) {
      kept = effect.cells;
      return;
    }
  }
  touched_.emplace_back(row, effect.cells);
}

Effect Model::Press(const Key& key) {
  Effect effect;
  const bool sure = lessons_->keys.Trusts(key);
  switch (key.kind) {
    case KeyKind::kCharacter:
      Character(key.character, effect);
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
      Vertical(-1, effect);
      break;
    case KeyKind::kDown:
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
    case KeyKind::kPaste:
    case KeyKind::kOther:
      Other(effect);
      break;
  }
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
  if (column >= cells.columns() || cells[column].cell.blank()) return false;
  const term::Rendition& here = base_.rendition(cells[column].cell);
  if (!IsGrey(here)) return false;
  return column == 0 || !IsGrey(base_.rendition(cells[cells.LeadOf(column - 1)].cell));
}

// --- Typing -------------------------------------------------------------------------------------

// Where it begins bounds what editing keys are guessed to do; it shows nothing.
void Model::BeginLine() {
  if (!line_.fresh_line) return;
  line_.fresh_line = false;
  if (line_.after_return || EndsInPrompt(base_, cursor_)) line_.line_start = cursor_;
}

// To the next row's start. False on the bottom row: everything would move.
bool Model::WrapCursor(Effect& effect) {
  // That the cursor waits behind the last column has been seen; else programs differ.
  effect.doubtful = !line_.wrap_pending;
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
  BeginLine();
  RowModel cells = Row(cursor_.row);
  const term::Rendition rendition = RenditionFor(cells, cursor_.column);
  MakeRoom(cells, cursor_.column, width, character);
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

// What happens to the text where a character goes.
void Model::MakeRoom(RowModel& cells, int column, int width, char32_t character) const {
  if (SuggestionAt(cells, column)) {
    const term::Cell& suggested = cells[column].cell;
    const bool followed = !suggested.is_cluster() && suggested.code_point() == character;
    if (!followed) cells.Erase(column, cells.TextEnd(column));
    return;
  }
  if (lessons_->TypingIn(cursor_.row) == Typing::kInserts) cells.OpenGap(column, width);
}

// Programs differ in the last column: some wrap at once, some wait for the next character.
void Model::AdvanceCursor(int width, Effect& effect) {
  const int column = cursor_.column + width;
  if (column < columns()) {
    cursor_.column = column;
    return;
  }
  effect.doubtful = true;
  effect.doubt_follows = true;
  effect.alternative = Position{cursor_.row, columns() - 1};
  if (cursor_.row + 1 < base_.rows()) {
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
    cells.Erase(column, cells.TextEnd(column));
  } else if (lessons_->TypingIn(cursor_.row) == Typing::kInserts) {
    cells.Close(column, width);
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
  if (SuggestionAt(cells, column)) return Other(effect);
  if (cells.TextEnd(column) == column) {
    effect.doubt_follows = true;
    return;
  }
  const int next = column + cells.WidthAt(column);
  if (next < columns()) cursor_.column = next;
}

// In an editor; in a shell these bring other lines, and in a form another field, which may be one
// for a password.
void Model::Vertical(int rows, Effect& effect) {
  const int row = cursor_.row + rows;
  if (LineStartColumn() || row < 0 || row >= base_.rows()) return Other(effect);
  const RowModel cells = Row(row);
  int end = cells.columns();
  while (end > 0 && cells[end - 1].cell.blank()) --end;
  if (cursor_.column > end) return Other(effect);
  effect.doubtful = true;
  cursor_ = {row, cells.LeadOf(cursor_.column)};
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
  if (!start) return Other(effect);
  cursor_.column = *start;
}

void Model::LineEnd(Effect& effect) {
  if (!LineStartColumn()) return Other(effect);
  const RowModel cells = Row(cursor_.row);
  const int end = cells.TextEnd(cursor_.column);
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

// --- What leads elsewhere -----------------------------------------------------------------------

void Model::Return(Effect& effect) {
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

void Model::Other(Effect& effect) {
  effect.doubtful = true;
  line_.fresh_line = false;
}

}  // namespace mosh::predict
