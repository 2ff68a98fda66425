#include "server/snapshot_rows.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "term/cell.h"
#include "term/rendition.h"

namespace mosh::server {
namespace {

constexpr size_t kMaxRunText = 4096;  // bytes

void SetColor(term::Color color, control::Color* out) {
  if (color.kind() == term::Color::Kind::kPalette) {
    out->set_palette(color.index());
  } else {
    out->set_rgb(uint32_t{color.red()} << 16 | uint32_t{color.green()} << 8 | color.blue());
  }
}

uint32_t AttributesOf(const term::Rendition& rendition) {
  using In = term::Attribute;
  struct Pair {
    In in;
    control::Attribute out;
  };
  constexpr Pair kPairs[] = {
      {In::kBold, control::BOLD},          {In::kFaint, control::FAINT},
      {In::kItalic, control::ITALIC},      {In::kBlink, control::BLINKING},
      {In::kInverse, control::INVERSE},    {In::kInvisible, control::INVISIBLE},
      {In::kStrike, control::CROSSED_OUT},
  };
  uint32_t set = 0;
  for (const Pair& pair : kPairs) {
    if (rendition.has(pair.in)) set |= 1u << pair.out;
  }
  if (rendition.underline() != term::Underline::kNone) set |= 1u << control::UNDERLINED;
  return set;
}

// Columns up to the last that isn't a blank without attributes.
int UsedColumns(const term::Screen& screen, int row) {
  int columns = screen.columns();
  while (columns > 0) {
    const term::Cell& cell = screen.cell(row, columns - 1);
    if (!cell.blank() || screen.rendition(cell) != term::Rendition()) break;
    --columns;
  }
  return columns;
}

control::Run* StartRun(const term::Screen& screen, const term::Cell& cell, control::Row* row) {
  const term::Rendition& rendition = screen.rendition(cell);
  control::Run* const run = row->add_run();
  run->set_columns_of_each(cell.wide() ? 2 : 1);
  if (!rendition.foreground().is_default()) {
    SetColor(rendition.foreground(), run->mutable_foreground());
  }
  if (!rendition.background().is_default()) {
    SetColor(rendition.background(), run->mutable_background());
  }
  const uint32_t attributes = AttributesOf(rendition);
  if (attributes != 0) run->set_attributes(attributes);
  return run;
}

void AddRow(const term::Screen& screen, int row, control::Row* out) {
  const int columns = UsedColumns(screen, row);
  control::Run* run = nullptr;
  term::Cell first;  // of the run
  for (int column = 0; column < columns; ++column) {
    const term::Cell& cell = screen.cell(row, column);
    if (cell.wide_tail()) continue;
    if (run == nullptr || cell.wide() != first.wide() || cell.style() != first.style() ||
        run->text().size() >= kMaxRunText) {
      run = StartRun(screen, cell, out);
      first = cell;
    }
    screen.AppendCellText(cell, run->mutable_text());
    run->set_cells(run->cells() + 1);
  }
}

}  // namespace

void AddRows(const term::Screen& screen, control::Snapshot* snapshot) {
  for (int row = 0; row < screen.rows(); ++row) AddRow(screen, row, snapshot->add_row());
}

}  // namespace mosh::server
