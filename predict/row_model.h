// RowModel: one row as we guess it to be after some keys. Starts as the server's row; every cell
// knows where its content comes from. A value.
//
// Cells belong to the Interner of the screen that the model was made from. Both halves of a wide
// character are kept together: what loses its other half becomes blank.
#ifndef PREDICT_ROW_MODEL_H_
#define PREDICT_ROW_MODEL_H_

#include <compare>
#include <cstdint>
#include <vector>

#include "term/cell.h"
#include "term/screen.h"

namespace mosh::predict {

struct Position {
  int row = 0;
  int column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

enum class Origin : uint8_t {
  kServer,   // as the server shows it
  kTyped,    // a character that was typed: what a guess stands or falls with
  kMoved,    // pushed, pulled or erased by an edit nearby
  kFilled,   // what a field shows where something was taken back
  kUnknown,  // something that we cannot know will be here
};

struct ModelCell {
  term::Cell cell;
  Origin origin = Origin::kServer;
};

class RowModel {
 public:
  RowModel(const term::Screen& screen, int row);

  int columns() const { return static_cast<int>(cells_.size()); }
  const ModelCell& operator[](int column) const { return cells_[column]; }
  // The lead of a wide character if `column` is its tail, else `column`.
  int LeadOf(int column) const;
  // Columns taken by what is at `column`.
  int WidthAt(int column) const { return cells_[column].cell.wide() ? 2 : 1; }
  // One past the text that begins at `from`: up to the last column that is not followed by
  // policy::kGap blanks. `from` itself if there is no text.
  int TextEnd(int from) const;

  // Pushes the text at `column` to the right by `count`. What runs into a gap is absorbed by it;
  // what leaves the row is lost, and its last column unknown.
  void OpenGap(int column, int count);
  // Takes `count` columns out at `column` and pulls the text after them left.
  void Close(int column, int count);
  // Puts a character of ours. A wide one has room for its tail; `tail_style` is for that.
  void Put(int column, term::Cell cell, term::StyleId tail_style);
  // Puts what fills a field.
  void Fill(int column, term::Cell cell) { cells_[column] = {cell, Origin::kFilled}; }
  // Puts a narrow character that comes from elsewhere.
  void Move(int column, term::Cell cell) { cells_[column] = {cell, Origin::kMoved}; }
  // Blanks [from, to).
  void Erase(int from, int to);
  // Takes `count` columns out at the left; the whole row goes there.
  void Shift(int count);
  // It all comes from another row.
  void MarkMoved();
  // What is in [from, to) is not known any more; or nothing in this row.
  void Doubt(int from, int to);
  void Forget();

 private:
  term::Cell BlankAt(int column) const;
  void RepairHalves();

  std::vector<ModelCell> cells_;
};

// Same drawn text; colours and width do not count. Blank equals space.
bool SameGlyph(const term::Screen& a, const term::Cell& cell_a, const term::Screen& b,
               const term::Cell& cell_b);

}  // namespace mosh::predict

#endif  // PREDICT_ROW_MODEL_H_
