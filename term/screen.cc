#include "term/screen.h"

#include <algorithm>
#include <cstring>

#include "term/utf8.h"

namespace mosh::term {

Screen::Screen(Size size)
    : columns_(ClampSize(size).columns),
      interner_(std::make_shared<Interner>()),
      texts_(std::make_shared<ScreenTexts>()) {
  rows_.assign(ClampSize(size).rows, RowRef::Filled(columns_, Cell(), 0));
}

void Screen::AppendCellText(const Cell& cell, std::string* out) const {
  if (cell.is_cluster()) {
    const absl::string_view text = interner_->cluster(cell.cluster());
    out->append(text.data(), text.size());
  } else if (!cell.empty()) {
    AppendUtf8(cell.code_point(), out);
  } else if (!cell.wide_tail()) {
    out->push_back(' ');
  }
}

std::string Screen::CellText(const Cell& cell) const {
  std::string text;
  AppendCellText(cell, &text);
  return text;
}

std::string Screen::RowText(int row) const {
  std::string text;
  for (const Cell& cell : rows_[row].cells()) AppendCellText(cell, &text);
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

bool Screen::SameCell(const Screen& a, const Cell& cell_a, const Screen& b, const Cell& cell_b) {
  if (a.interner_ == b.interner_) {
    if (cell_a == cell_b) return true;
    if (cell_a.style() != cell_b.style()) return false;
  } else if (a.rendition(cell_a) != b.rendition(cell_b)) {
    return false;
  }
  if (cell_a.wide() != cell_b.wide()) return false;
  if (cell_a.wide_tail() || cell_b.wide_tail()) return cell_a.wide_tail() == cell_b.wide_tail();
  if (cell_a.is_cluster() && cell_b.is_cluster()) {
    return a.interner_->cluster(cell_a.cluster()) == b.interner_->cluster(cell_b.cluster());
  }
  if (cell_a.is_cluster() || cell_b.is_cluster()) return false;
  return cell_a.code_point() == cell_b.code_point() || (cell_a.blank() && cell_b.blank());
}

bool Screen::SameRow(const Screen& a, int row_a, const Screen& b, int row_b) {
  const RowRef& x = a.rows_[row_a];
  const RowRef& y = b.rows_[row_b];
  const bool same_interner = a.interner_ == b.interner_;
  if (same_interner && x.SharesStorageWith(y)) return true;
  if (x.columns() != y.columns() || x.wrapped() != y.wrapped()) return false;
  const size_t bytes = x.columns() * sizeof(Cell);
  if (same_interner && std::memcmp(x.cells().data(), y.cells().data(), bytes) == 0) return true;
  for (int column = 0; column < x.columns(); ++column) {
    if (!SameCell(a, x[column], b, y[column])) return false;
  }
  return true;
}

bool Screen::ShowsSameAs(const Screen& other) const {
  if (size() != other.size() || cursor_ != other.cursor_ || modes_ != other.modes_) return false;
  if (current_rendition_ != other.current_rendition_) return false;
  if (texts_ != other.texts_ && *texts_ != *other.texts_) return false;
  for (int row = 0; row < rows(); ++row) {
    if (!SameRow(*this, row, other, row)) return false;
  }
  return true;
}

bool operator==(const Screen& a, const Screen& b) {
  return a.bell_count_ == b.bell_count_ && a.clipboard_count_ == b.clipboard_count_ &&
         a.ShowsSameAs(b);
}

void Screen::SetCell(int row, int column, Cell cell) {
  RowRef& target = rows_[row];
  Cell* const cells = target.Mutable();
  if (target.id() == 0) target.SetId(interner_->NextRowId());
  const int end = column + (cell.wide() ? 2 : 1);
  // Halves whose other half is about to go.
  if (column > 0 && cells[column].wide_tail()) {
    cells[column - 1] = Cell::Blank(InternStyle(rendition(cells[column - 1]).BackgroundOnly()));
  }
  if (end < columns_ && cells[end].wide_tail()) cells[end] = Cell::Blank(cells[end].style());
  cells[column] = cell;
  if (cell.wide()) {
    cells[column + 1] = Cell::Tail(InternStyle(rendition(cell).BackgroundOnly()));
  }
}

void Screen::SetCellText(int row, int column, absl::string_view text, bool wide,
                         const Rendition& rendition) {
  const StyleId style = InternStyle(rendition);
  if (text.empty()) {
    SetCell(row, column, Cell::Blank(style));
    return;
  }
  const DecodedCodePoint first = DecodeUtf8Prefix(text);
  SetCell(row, column,
          first.length == text.size() ? Cell::OfCodePoint(first.code_point, style, wide)
                                      : Cell::OfCluster(InternCluster(text), style, wide));
}

void Screen::SetCellRendition(int row, int column, const Rendition& rendition) {
  Cell* const cells = rows_[row].Mutable();
  if (rows_[row].id() == 0) rows_[row].SetId(interner_->NextRowId());
  if (cells[column].wide_tail() && column > 0) --column;
  cells[column].set_style(InternStyle(rendition));
  if (cells[column].wide()) {
    cells[column + 1].set_style(InternStyle(rendition.BackgroundOnly()));
  }
}

ScreenTexts* Screen::MutableTexts() {
  if (texts_.use_count() != 1) texts_ = std::make_shared<ScreenTexts>(*texts_);
  return texts_.get();
}

void Screen::SetTitle(absl::string_view title) {
  title_set_ = true;
  if (title != absl::string_view(texts_->title)) {
    MutableTexts()->title.assign(title.data(), title.size());
  }
}

void Screen::SetIconName(absl::string_view icon_name) {
  title_set_ = true;
  if (icon_name != absl::string_view(texts_->icon_name)) {
    MutableTexts()->icon_name.assign(icon_name.data(), icon_name.size());
  }
}

void Screen::ClearTitles() {
  if (texts_->title.empty() && texts_->icon_name.empty()) return;
  MutableTexts()->title.clear();
  MutableTexts()->icon_name.clear();
}

void Screen::SetClipboard(absl::string_view clipboard) {
  ++clipboard_count_;
  MutableTexts()->clipboard.assign(clipboard.data(), clipboard.size());
}

void Screen::ClearClipboard() {
  if (!texts_->clipboard.empty()) MutableTexts()->clipboard.clear();
}

void Screen::Resize(Size size, Cell blank) {
  size = ClampSize(size);
  if (size.columns != columns_) {
    columns_ = size.columns;
    // Rows that share storage go on sharing it: a blank screen stays small.
    RowRef old;
    RowRef resized;
    for (RowRef& row : rows_) {
      if (row.id() == 0 && old.valid() && row.SharesStorageWith(old)) {
        row = resized;
        continue;
      }
      old = row;
      row.SetColumns(columns_, blank);
      // A lead whose tail was cut off.
      if (row[columns_ - 1].wide()) {
        const StyleId style = InternStyle(rendition(row[columns_ - 1]).BackgroundOnly());
        row.Mutable()[columns_ - 1] = Cell::Blank(style);
      }
      resized = row;
    }
  }
  if (size.rows < rows()) {
    rows_.erase(rows_.begin() + size.rows, rows_.end());
  } else if (size.rows > rows()) {
    rows_.resize(size.rows, RowRef::Filled(columns_, blank, 0));
  }
  cursor_.row = std::min(cursor_.row, size.rows - 1);
  cursor_.column = std::min(cursor_.column, columns_ - 1);
}

RowRef Screen::PartOfRow(const RowRef& row, int left, int columns) const {
  if (left == 0 && columns == row.columns()) return row;
  RowRef part = RowRef::Filled(columns, Cell(), row.id());
  const int count = std::clamp(row.columns() - left, 0, columns);
  if (count == 0) return part;
  Cell* const cells = part.Mutable();
  std::copy_n(row.cells().begin() + left, count, cells);
  const auto halve = [this](Cell& cell) {
    cell = Cell::Blank(interner_->InternStyle(rendition(cell).BackgroundOnly()));
  };
  if (cells[0].wide_tail()) halve(cells[0]);
  if (cells[count - 1].wide()) halve(cells[count - 1]);
  return part;
}

Screen Screen::Window(int top, int left, Size size) const {
  size = ClampSize(size);
  Screen part = *this;
  part.columns_ = size.columns;
  part.rows_.clear();
  const RowRef blank = RowRef::Filled(size.columns, Cell(), 0);
  for (int i = 0; i < size.rows; ++i) {
    part.rows_.push_back(top + i < rows() ? PartOfRow(rows_[top + i], left, size.columns) : blank);
  }
  part.cursor_.row = std::clamp(cursor_.row - top, 0, size.rows - 1);
  part.cursor_.column = std::clamp(cursor_.column - left, 0, size.columns - 1);
  const bool inside =
      part.cursor_.row + top == cursor_.row && part.cursor_.column + left == cursor_.column;
  if (!inside) part.cursor_.visible = false;
  return part;
}

void Screen::Reintern(std::vector<RowRef>* more_rows) {
  auto fresh = std::make_shared<Interner>();
  fresh->ContinueRowIdsOf(*interner_);
  const auto move_rows = [&](std::vector<RowRef>& rows) {
    RowRef old;
    for (size_t i = 0; i < rows.size(); ++i) {
      // Rows that share storage go on sharing it.
      const RowRef before = rows[i];
      if (old.valid() && before.SharesStorageWith(old)) {
        rows[i] = rows[i - 1];
        continue;
      }
      old = before;
      Cell* const cells = rows[i].Mutable();
      for (int column = 0; column < rows[i].columns(); ++column) {
        Cell& cell = cells[column];
        if (cell.is_cluster()) {
          cell = cell.WithCluster(fresh->InternCluster(interner_->cluster(cell.cluster())));
        }
        cell.set_style(fresh->InternStyle(rendition(cell)));
      }
    }
  };
  move_rows(rows_);
  if (more_rows != nullptr) move_rows(*more_rows);
  interner_ = std::move(fresh);
}

}  // namespace mosh::term
