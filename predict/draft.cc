#include "predict/draft.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "predict/prompt_memory.h"

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

}  // namespace

bool IsWordCharacter(const term::Cell& cell) {
  if (cell.blank()) return false;
  if (cell.is_cluster() || cell.wide() || cell.wide_tail()) return true;
  const char32_t c = cell.code_point();
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0xC0;
}

Draft::Draft(term::Screen screen, const LineState& line_state, const Lessons* learned)
    : base(std::move(screen)),
      line(line_state),
      lessons(learned),
      cursor{base.cursor().row, base.cursor().column} {}

RowModel Draft::Row(int row) const {
  for (const ChangedRow& changed : touched) {
    if (changed.row == row) return *changed.cells;
  }
  return RowModel(base, row);
}

void Draft::Store(int row, RowModel cells, Effect& effect) {
  const ChangedRow changed = {row, std::make_shared<const RowModel>(std::move(cells))};
  effect.rows.push_back(changed);
  for (ChangedRow& before : touched) {
    if (before.row != row) continue;
    before = changed;
    return;
  }
  touched.push_back(changed);
}

int Draft::TextEndOf(int row) const {
  const RowModel cells = Row(row);
  int end = cells.columns();
  while (end > 0 && cells[end - 1].cell.blank()) --end;
  return end;
}

std::optional<int> Draft::LineStartColumn() const {
  if (!line.line_start || line.line_start->row != cursor.row) return std::nullopt;
  if (line.line_start->column > cursor.column) return std::nullopt;
  return line.line_start->column;
}

term::Rendition Draft::RenditionFor(const RowModel& cells, int column) const {
  if (column == 0) return base.current_rendition();
  const int left = cells.LeadOf(column - 1);
  if (cells[left].origin != Origin::kUnknown) return base.rendition(cells[left].cell);
  return base.rendition(base.cell(cursor.row, left));
}

bool Draft::SuggestionAt(const RowModel& cells, int column) const {
  const auto is_grey = [&](int at) { return IsGrey(base.rendition(cells[at].cell)); };
  if (column > 0 && is_grey(cells.LeadOf(column - 1))) return false;
  int at = column;
  // Of what was taken back in front of it, it may offer some again.
  while (at < cells.columns() && cells[at].origin == Origin::kUnknown) ++at;
  // Its next word begins with a blank, behind one that was typed or over it.
  const bool within =
      at > column || (column > 0 && (!cells[column - 1].cell.blank() ||
                                     IsGrey(base.rendition(base.cell(cursor.row, column - 1)))));
  if (within && at < cells.columns() && cells[at].cell.blank()) ++at;
  return at < cells.columns() && !cells[at].cell.blank() && is_grey(at);
}

bool Draft::HasTextBelow() const {
  for (int row = cursor.row + 1; row < base.rows(); ++row) {
    if (TextEndOf(row) > 0) return true;
  }
  return false;
}

bool Draft::IsEditor() const {
  return lessons->text_bottom && cursor.row <= *lessons->text_bottom && HasTextBelow();
}

bool Draft::MayBeCommandLine() const {
  if (line.line_start && line.line_start->column > 0) return true;
  if (line.fresh_line && line.after_return && cursor.column > 0) return true;
  const RowModel cells = Row(cursor.row);
  for (int column = 0; column + 1 < cursor.column; ++column) {
    if (EndsPrompt(cells[column].cell) && cells[column + 1].cell.blank()) return true;
  }
  return false;
}

void Draft::LoseTrack(Effect& effect) {
  effect.doubtful = true;
  line.fresh_line = true;
  line.after_return = false;
  line.mood = Mood::kTyping;
}

}  // namespace mosh::predict
