#include "predict/judge.h"

#include <algorithm>

namespace mosh::predict {
namespace {

Position CursorOf(const term::Screen& screen) {
  return {screen.cursor().row, screen.cursor().column};
}

// What password prompts show for each character.
bool IsMask(const term::Cell& cell) {
  if (cell.is_cluster()) return false;
  const char32_t c = cell.code_point();
  return c == '*' || c == 0x2022 || c == 0x25CF || c == 0x00B7 || c == 0x2217 || c == 0x26AB;
}

bool TypedCellsAgree(const term::Screen& base, const Guesses& guesses, size_t count,
                     const term::Screen& screen) {
  for (const auto& [row, cells] : RowsAfter(guesses, count)) {
    for (int column = 0; column < cells->columns(); ++column) {
      const ModelCell& guessed = (*cells)[column];
      if (guessed.origin != Origin::kTyped) continue;
      if (!SameGlyph(base, guessed.cell, screen, screen.cell(row, column))) return false;
    }
  }
  return true;
}

bool RowAgrees(const term::Screen& base, const RowModel& cells, int row,
               const term::Screen& screen) {
  for (int column = 0; column < cells.columns(); ++column) {
    const ModelCell& guessed = cells[column];
    if (guessed.origin == Origin::kUnknown) continue;
    if (!SameGlyph(base, guessed.cell, screen, screen.cell(row, column))) return false;
  }
  return true;
}

// To the left of the cursor is what was there, or was typed. A program may put another question
// there, as long as what it replaces.
bool LineBeforeAgrees(const term::Screen& base, const Guesses& guesses, size_t count,
                      const term::Screen& screen) {
  const auto [row, end] = CursorOf(screen);
  const RowModel* guessed = nullptr;
  for (const auto& [changed_row, cells] : RowsAfter(guesses, count)) {
    if (changed_row == row) guessed = cells;
  }
  for (int column = 0; column < end; ++column) {
    const bool ours = guessed != nullptr && (*guessed)[column].origin != Origin::kServer;
    if (ours) continue;  // typed: compared elsewhere; moved: not held against anything
    if (!SameGlyph(base, base.cell(row, column), screen, screen.cell(row, column))) return false;
  }
  return true;
}

// Where we guessed that typing replaces: the text is there all the same, further right.
bool WasPushed(const term::Screen& base, int row, const RowModel& guessed,
               const term::Screen& screen) {
  int first = 0;
  while (first < guessed.columns() && guessed[first].origin != Origin::kTyped) ++first;
  int end = first;
  while (end < guessed.columns() && guessed[end].origin == Origin::kTyped) ++end;
  bool told_apart = false;
  for (int column = first; column + end - first < guessed.columns(); ++column) {
    const term::Cell& before = base.cell(row, column);
    if (before.blank()) break;
    const int to = column + end - first;
    if (!SameGlyph(base, before, screen, screen.cell(row, to))) return false;
    told_apart = told_apart || !SameGlyph(base, before, base, base.cell(row, to));
  }
  return told_apart;
}

}  // namespace

std::vector<std::pair<int, const RowModel*>> RowsAfter(const Guesses& guesses, size_t count) {
  std::vector<std::pair<int, const RowModel*>> rows;
  for (size_t i = count; i-- > 0;) {
    for (const ChangedRow& changed : guesses[i].effect.rows) {
      const bool known = std::any_of(rows.begin(), rows.end(),
                                     [&](const auto& row) { return row.first == changed.row; });
      if (!known) rows.emplace_back(changed.row, changed.cells.get());
    }
  }
  return rows;
}

Agreement AgreesAfter(const term::Screen& base, const Guesses& guesses, size_t count,
                      const term::Screen& screen) {
  const Position cursor = CursorOf(screen);
  if (count == 0) {
    const bool same = cursor == CursorOf(base) && LineBeforeAgrees(base, guesses, 0, screen);
    return same ? Agreement::kYes : Agreement::kNo;
  }
  const Effect& effect = guesses[count - 1].effect;
  const bool waits = effect.alternative && cursor == *effect.alternative;
  if (!waits && !(cursor == effect.after)) return Agreement::kNo;
  if (!TypedCellsAgree(base, guesses, count, screen)) return Agreement::kNo;
  if (!LineBeforeAgrees(base, guesses, count, screen)) return Agreement::kNo;
  return waits ? Agreement::kWaitsToWrap : Agreement::kYes;
}

bool AgreesInEveryCell(const term::Screen& base, const Guesses& guesses, size_t count,
                       const term::Screen& screen) {
  for (const auto& [row, cells] : RowsAfter(guesses, count)) {
    if (!RowAgrees(base, *cells, row, screen)) return false;
  }
  return true;
}

bool AgreesInEveryRow(const term::Screen& base, const Guesses& guesses, size_t count,
                      const term::Screen& screen) {
  if (!AgreesInEveryCell(base, guesses, count, screen)) return false;
  const auto changed = RowsAfter(guesses, count);
  for (const auto& [row, later] : RowsAfter(guesses, guesses.size())) {
    const bool known = std::any_of(changed.begin(), changed.end(),
                                   [row = row](const auto& one) { return one.first == row; });
    if (!known && !RowAgrees(base, RowModel(base, row), row, screen)) return false;
  }
  return true;
}

bool ShowsEcho(const term::Screen& base, const Guess& guess, const term::Screen& screen) {
  if (!guess.effect.typed) return false;
  const auto [row, column] = *guess.effect.typed;
  const term::Cell& glyph = guess.effect.glyph;
  if (glyph.blank() || IsMask(glyph)) return false;
  return SameGlyph(base, glyph, screen, screen.cell(row, column)) &&
         !SameGlyph(base, glyph, base, base.cell(row, column));
}

bool IsOnScreen(const term::Screen& base, const Guess& guess, const term::Screen& screen) {
  const auto [typed_row, column] = *guess.effect.typed;
  const RowModel& guessed = *guess.effect.rows.front().cells;
  for (int row = typed_row; row >= 0; --row) {
    bool same = true;
    for (int i = 0; same && i <= column; ++i) {
      same = SameGlyph(base, guessed[i].cell, screen, screen.cell(row, i));
    }
    if (same) return true;
  }
  return false;
}

bool StandsBeforeCursor(const term::Screen& base, const Guesses& guesses, size_t first,
                        size_t count, const term::Screen& screen) {
  const Position cursor = CursorOf(screen);
  if (first + count > guesses.size() || count > static_cast<size_t>(cursor.column)) return false;
  for (size_t i = 0; i < count; ++i) {
    const Effect& effect = guesses[first + i].effect;
    if (!effect.typed || effect.glyph.wide() || effect.glyph.is_cluster()) return false;
    const int column = cursor.column - static_cast<int>(count - i);
    if (!SameGlyph(base, effect.glyph, screen, screen.cell(cursor.row, column))) return false;
  }
  return true;
}

size_t CountEchoedElsewhere(const term::Screen& base, const Guesses& guesses, size_t first,
                            const term::Screen& screen) {
  const Position cursor = CursorOf(screen);
  const auto changed = [&](int column) {
    return !SameGlyph(base, base.cell(cursor.row, column), screen, screen.cell(cursor.row, column));
  };
  size_t count = std::min(guesses.size() - first, static_cast<size_t>(cursor.column));
  for (; count > 0; --count) {
    if (!StandsBeforeCursor(base, guesses, first, count, screen)) continue;
    for (int column = cursor.column - static_cast<int>(count); column < cursor.column; ++column) {
      if (changed(column)) return count;
    }
  }
  return 0;
}

std::optional<Typing> LessonOf(const term::Screen& base, int row, const RowModel& guessed,
                               const term::Screen& screen) {
  bool as_guessed = true;
  bool told_apart = false;
  for (int column = 0; column < guessed.columns(); ++column) {
    if (guessed[column].origin != Origin::kMoved) continue;
    const term::Cell& shown = screen.cell(row, column);
    if (SameGlyph(base, guessed[column].cell, base, base.cell(row, column))) continue;
    told_apart = true;
    as_guessed = as_guessed && SameGlyph(base, guessed[column].cell, screen, shown);
  }
  if (!told_apart) {
    if (WasPushed(base, row, guessed, screen)) return Typing::kInserts;
    return std::nullopt;
  }
  // Not moved, or replaced by something else: either way what is to the right is the program's.
  return as_guessed ? Typing::kInserts : Typing::kOverwrites;
}

}  // namespace mosh::predict
