// Model: what the screen will look like after some more keys, as far as that can be guessed. Begins
// as a screen of the server's; Press() adds one key and says what it changed and how sure that is.
// Each rule is one function, named after it (docs/spec/prediction.md §5). Pure.
#ifndef PREDICT_MODEL_H_
#define PREDICT_MODEL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "predict/jump_memory.h"
#include "predict/key_parser.h"
#include "predict/key_trust.h"
#include "predict/mode_line.h"
#include "predict/row_model.h"
#include "term/rendition.h"
#include "term/screen.h"

namespace mosh::predict {

// What typing does to the text to its right.
enum class Typing : uint8_t { kInserts, kOverwrites };

// What letters do: they are text, or, as in a modal editor or a mail reader, commands.
enum class Mood : uint8_t { kTyping, kCommands };

// Where the cursor goes from the last column.
enum class Edge : uint8_t { kUnknown, kWraps, kWaits };

// Learned from what the screen did.
struct Lessons {
  Typing usually = Typing::kInserts;
  std::map<int, Typing> rows;  // by row, where it has shown
  KeyTrust keys;
  Edge edge = Edge::kUnknown;
  // This is an editor: a line that is broken or opened pushes the lines below down, as far as this
  // row.
  std::optional<int> text_bottom;
  // Where keys that are none of ours have taken the cursor, by row: Tab in a form.
  JumpMemory jumps;
  std::map<Mood, ModeLine> mode_lines;

  Typing TypingIn(int row) const {
    const auto found = rows.find(row);
    return found == rows.end() ? usually : found->second;
  }
};

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
  bool jumped = false;      // as JumpMemory has it
  bool edits_line = false;  // behind a prompt: believed until it fails
  // What KeyTrust knows it by, in this mood; 0: trusted everywhere.
  uint16_t spelling = 0;
  // The command whose coming true this character's echo proves.
  uint16_t proves = 0;
};

class Model {
 public:
  struct Start {
    bool wrap_pending = false;  // the cursor waits behind the last column
    bool fresh_line = false;    // nothing was typed in this line yet
    bool after_return = false;  // and it began with a Return
    bool replacing = false;     // the last character typed took another one's place
    Mood mood = Mood::kTyping;
    uint16_t entered_by = 0;    // the command that began the typing, before its first character
    std::optional<int> wanted;  // the column that Up and Down go for
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
  void MakeRoom(RowModel& cells, int column, int width) const;
  void AdvanceCursor(int width, Effect& effect);
  bool WrapCursor(Effect& effect);
  void BeginLine(Effect& effect);
  void Backspace(Effect& effect);
  void Delete(Effect& effect);
  void Left(Effect& effect);
  void Right(Effect& effect);
  void AcceptSuggestion(Effect& effect);
  void Vertical(int rows, Effect& effect);
  bool HasTextBelow() const;
  bool IsEditor() const;
  bool MayBeCommandLine() const;
  int TextEndOf(int row) const;
  void InsertRow(int row, RowModel cells, Effect& effect);
  void BreakLine(Effect& effect);
  void Escape(Effect& effect);
  void Command(char32_t command, Effect& effect);
  void BeginTyping(int column, Effect& effect);
  void OpenLine(int row, Effect& effect);
  void ShowMood(Mood before, Effect& effect);
  void CommandColumn(int column, Effect& effect);
  void NextWord(Effect& effect);
  void PreviousWord(Effect& effect);
  void DeleteUnderCursor(Effect& effect);
  void WordLeft(Effect& effect);
  void WordRight(Effect& effect);
  void LineStart(Effect& effect);
  void LineEnd(Effect& effect);
  void KillToEnd(Effect& effect);
  void KillToStart(Effect& effect);
  void KillWord(Effect& effect);
  void Return(Effect& effect);
  void Jump(Effect& effect);
  void Other(Effect& effect);

  term::Screen base_;
  Start line_;
  const Lessons* lessons_;
  Position cursor_;
  std::vector<ChangedRow> touched_;
};

}  // namespace mosh::predict

#endif  // PREDICT_MODEL_H_
