#include "predict/form_ring.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace mosh::predict {
namespace {

std::optional<int> FirstText(const term::Screen& screen, int row) {
  for (int column = 0; column < screen.columns(); ++column) {
    if (!screen.cell(row, column).blank()) return column;
  }
  return std::nullopt;
}

// Behind what stands at the place, and a gap.
bool HasTextBeyond(const term::Screen& screen, Position at) {
  for (int column = RowModel(screen, at.row).TextEnd(at.column); column < screen.columns();
       ++column) {
    if (!screen.cell(at.row, column).blank()) return true;
  }
  return false;
}

// Something begins where labels of fields do, no further from one than they are from each other.
bool MayHaveMoreFields(const term::Screen& screen, const std::set<Position>& fields) {
  std::set<int> rows, labels;
  for (const Position& field : fields) {
    if (HasTextBeyond(screen, field)) return true;
    rows.insert(field.row);
    if (const std::optional<int> label = FirstText(screen, field.row)) labels.insert(*label);
  }
  int furthest = 1;
  for (auto row = rows.begin(); std::next(row) != rows.end(); ++row) {
    furthest = std::max(furthest, *std::next(row) - *row);
  }
  for (int row = *rows.begin() - furthest; row <= *rows.rbegin() + furthest; ++row) {
    if (row < 0 || row >= screen.rows() || rows.contains(row)) continue;
    const std::optional<int> text = FirstText(screen, row);
    if (text && labels.contains(*text)) return true;
  }
  return false;
}

}  // namespace

bool OnlyFieldsDiffer(const term::Screen& before, const term::Screen& after,
                      const JumpMemory& jumps) {
  const std::map<int, int> bounds = jumps.Bounds();
  for (int row = 0; row < after.rows(); ++row) {
    if (term::Screen::SameRow(before, row, after, row)) continue;
    const auto field = bounds.find(row);
    const bool typed_in = row == before.cursor().row || row == after.cursor().row;
    if (field == bounds.end() && typed_in) continue;
    const int columns = field == bounds.end() ? after.columns() : field->second;
    for (int column = 0; column < std::min(columns, after.columns()); ++column) {
      if (!SameGlyph(before, before.cell(row, column), after, after.cell(row, column)))
        return false;
    }
  }
  return true;
}

bool AllFieldsEcho(const term::Screen& screen, const JumpMemory& jumps,
                   absl::FunctionRef<bool(Position)> echoes) {
  if (jumps.empty()) return false;  // as nearly always; this is asked for every screen
  const std::set<Position> fields = jumps.Ring(screen.cursor().row);
  if (fields.size() < 2) return false;
  const auto known = [&](Position at) {
    return at.row < screen.rows() && at.column < screen.columns() && echoes(at);
  };
  return std::all_of(fields.begin(), fields.end(), known) && !MayHaveMoreFields(screen, fields);
}

}  // namespace mosh::predict
