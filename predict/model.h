// Model: what the screen will look like after some more keys, as far as that can be guessed. Begins
// as a screen of the server's; Press() adds one key and says what it changed and how sure that is.
// Each rule is one function, named after it (docs/spec/prediction.md §5). Pure.
#ifndef PREDICT_MODEL_H_
#define PREDICT_MODEL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "predict/key_parser.h"
#include "predict/key_trust.h"
#include "predict/row_model.h"
#include "term/rendition.h"
#include "term/screen.h"

namespace mosh::predict {

// What typing does to the text to its right.
enum class Typing : uint8_t { kInserts, kOverwrites };

// Learned from what the screen did.
struct Lessons {
  Typing usually = Typing::kInserts;
  std::map<int, Typing> rows;  // by row, where it has shown
  KeyTrust keys;

  Typing TypingIn(int row) const {
    const auto found = rows.find(row);
    return found == rows.end() ? usually : found->second;
  }
};

// What one key did.
struct Effect {
  Position after;                       // of the cursor
  std::optional<Position> alternative;  // where it may wait instead: behind the last column
  int row = -1;                         // the row that changed; -1: none
  std::shared_ptr<const RowModel> cells;
  std::optional<Position> typed;  // where a character was put
  term::Cell glyph;
  // This key may do something else here, and so what follows is uncertain as well.
  bool doubtful = false;
  // The key's effect is as said, but from here on all is uncertain.
  bool doubt_follows = false;
};

class Model {
 public:
  struct Start {
    bool wrap_pending = false;           // the cursor waits behind the last column
    bool fresh_line = false;             // nothing was typed in this line yet
    bool after_return = false;           // and it began with a Return
    std::optional<Position> line_start;  // where the line that is being edited begins
  };
  // `lessons` must outlive the model.
  Model(term::Screen base, const Start& start, const Lessons* lessons);

  const term::Screen& base() const { return base_; }
  Position cursor() const { return cursor_; }
  const Start& line() const { return line_; }
  Effect Press(const Key& key);

 private:
  int columns() const { return base_.columns(); }
  // The row as guessed so far.
  RowModel Row(int row) const;
  const RowModel* Touched(int row) const;
  void Store(int row, RowModel cells, Effect& effect);
  std::optional<int> LineStartColumn() const;
  term::Rendition RenditionFor(const RowModel& cells, int column) const;
  // A suggestion stands to the right of the cursor: text in grey that nobody typed.
  bool SuggestionAt(const RowModel& cells, int column) const;

  void Character(char32_t character, Effect& effect);
  void Combining(char32_t character, Effect& effect);
  void MakeRoom(RowModel& cells, int column, int width, char32_t character) const;
  void AdvanceCursor(int width, Effect& effect);
  bool WrapCursor(Effect& effect);
  void BeginLine();
  void Backspace(Effect& effect);
  void Delete(Effect& effect);
  void Left(Effect& effect);
  void Right(Effect& effect);
  void Vertical(int rows, Effect& effect);
  void WordLeft(Effect& effect);
  void WordRight(Effect& effect);
  void LineStart(Effect& effect);
  void LineEnd(Effect& effect);
  void KillToEnd(Effect& effect);
  void KillToStart(Effect& effect);
  void KillWord(Effect& effect);
  void Return(Effect& effect);
  void Other(Effect& effect);

  term::Screen base_;
  Start line_;
  const Lessons* lessons_;
  Position cursor_;
  std::vector<std::pair<int, std::shared_ptr<const RowModel>>> touched_;
};

}  // namespace mosh::predict

#endif  // PREDICT_MODEL_H_
