// Effect: what one key does to the screen, as guessed, and how sure that is. A value.
#ifndef PREDICT_EFFECT_H_
#define PREDICT_EFFECT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "predict/row_model.h"
#include "term/cell.h"

namespace mosh::predict {

struct ChangedRow {
  int row = 0;
  std::shared_ptr<const RowModel> cells;
};

// What one key did.
struct Effect {
  Position after;                       // of the cursor
  std::optional<Position> alternative;  // where it may wait instead: behind the last column
  std::vector<ChangedRow> rows;         // as they are now
  std::optional<Position> typed;        // where a character was put
  term::Cell glyph;
  // This key may do something else here, and so what follows is uncertain as well.
  bool doubtful = false;
  // The key's effect is as said, but from here on all is uncertain.
  bool doubt_follows = false;
  // The first character of a line.
  bool begins_line = false;
  // Its effect is as said, but what is typed next may be asked for without echo.
  bool asks_again = false;
  // It moves the cursor or is a command: showing it shows nothing of what is typed.
  bool discreet = false;
  // The last character that fits a field: the next field may follow by itself.
  bool fills_field = false;
  uint16_t jumped_by = 0;   // what JumpMemory knows this jump by; 0: it is none
  bool edits_line = false;  // behind a prompt: believed until it fails
  // What KeyTrust knows it by, in this mood; 0: trusted everywhere.
  uint16_t spelling = 0;
  // The command whose coming true this character's echo proves.
  uint16_t proves = 0;
};

}  // namespace mosh::predict

#endif  // PREDICT_EFFECT_H_
