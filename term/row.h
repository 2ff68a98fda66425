// RowRef: a handle to one row of cells, reference-counted (not atomic: one thread) and copied on
// write.
//
// Copying a handle is one increment. Handles of equal storage show the same row; the reverse need
// not hold. Mutable() gives private cells, cloning them first if anyone else holds the row.
#ifndef TERM_ROW_H_
#define TERM_ROW_H_

#include <cstdint>
#include <span>
#include <utility>

#include "term/cell.h"

namespace mosh::term {

class RowRef {
 public:
  RowRef() = default;  // Holds nothing; only assignment and destruction are allowed.
  RowRef(const RowRef& other) : row_(other.row_) {
    if (row_ != nullptr) ++row_->references;
  }
  RowRef(RowRef&& other) noexcept : row_(std::exchange(other.row_, nullptr)) {}
  RowRef& operator=(RowRef other) noexcept {
    std::swap(row_, other.row_);
    return *this;
  }
  ~RowRef() {
    if (row_ != nullptr && --row_->references == 0) Free(row_);
  }

  // A new row of `columns` (>= 1) copies of `fill`, not wrapped.
  static RowRef Filled(int columns, Cell fill, uint64_t id);

  bool valid() const { return row_ != nullptr; }
  int columns() const { return row_->columns; }
  std::span<const Cell> cells() const { return {Cells(row_), static_cast<size_t>(row_->columns)}; }
  const Cell& operator[](int column) const { return Cells(row_)[column]; }
  // The text continues on the next row without a line break.
  bool wrapped() const { return row_->wrapped; }
  // Identity of the line through scrolling, for finding scrolls: a row that scrolled keeps its id,
  // a row that entered blank or was cleared as a whole gets a new one. 0: a blank row that nobody
  // has written to. Equal ids suggest equal content but never prove it: compare the cells.
  uint64_t id() const { return row_->id; }

  bool SharesStorageWith(const RowRef& other) const { return row_ == other.row_; }
  bool unique() const { return row_->references == 1; }

  // Private cells, valid until this handle is copied or assigned.
  Cell* Mutable() {
    if (row_->references != 1) Clone();
    return Cells(row_);
  }
  void SetWrapped(bool wrapped) {
    if (row_->wrapped == wrapped) return;
    Mutable();
    row_->wrapped = wrapped;
  }
  void SetId(uint64_t id) {
    if (row_->id == id) return;
    Mutable();
    row_->id = id;
  }
  // Cuts, or adds copies of `fill` at the right. Clears the wrapped mark if the width changes.
  void SetColumns(int columns, Cell fill);

 private:
  struct alignas(16) Header {
    uint64_t id;
    uint32_t references;
    uint16_t columns;
    bool wrapped;
  };
  static Cell* Cells(Header* row) { return reinterpret_cast<Cell*>(row + 1); }
  static Header* New(int columns);
  static void Free(Header* row);
  void Clone();

  Header* row_ = nullptr;
};

static_assert(sizeof(RowRef) == sizeof(void*));

}  // namespace mosh::term

#endif  // TERM_ROW_H_
