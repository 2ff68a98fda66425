#include "term/row.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace mosh::term {

RowRef::Header* RowRef::New(int columns) {
  void* const storage =
      ::operator new(sizeof(Header) + static_cast<size_t>(columns) * sizeof(Cell));
  auto* const row = new (storage) Header{};
  row->references = 1;
  row->columns = static_cast<uint16_t>(columns);
  return row;
}

void RowRef::Free(Header* row) { ::operator delete(row); }

RowRef RowRef::Filled(int columns, Cell fill, uint64_t id) {
  RowRef made;
  made.row_ = New(columns);
  made.row_->id = id;
  std::fill_n(Cells(made.row_), columns, fill);
  return made;
}

void RowRef::Clone() {
  Header* const copy = New(row_->columns);
  copy->id = row_->id;
  copy->wrapped = row_->wrapped;
  std::memcpy(Cells(copy), Cells(row_), row_->columns * sizeof(Cell));
  --row_->references;  // Not the last one: a unique row is never cloned.
  row_ = copy;
}

void RowRef::SetColumns(int columns, Cell fill) {
  if (columns == row_->columns) return;
  RowRef resized;
  resized.row_ = New(columns);
  resized.row_->id = row_->id;
  const int kept = std::min<int>(columns, row_->columns);
  std::memcpy(Cells(resized.row_), Cells(row_), kept * sizeof(Cell));
  std::fill_n(Cells(resized.row_) + kept, columns - kept, fill);
  *this = std::move(resized);
}

}  // namespace mosh::term
