// Draft: a screen of the server's with what some keys are guessed to have done to it since. The
// rules of single keys (typing.h, line_editing.h, editing.h, modal_commands.h) change it.
#ifndef PREDICT_DRAFT_H_
#define PREDICT_DRAFT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "predict/effect.h"
#include "predict/lessons.h"
#include "predict/row_model.h"
#include "term/rendition.h"
#include "term/screen.h"

namespace mosh::predict {

// The line that is being typed in, as far as the screen does not tell.
struct LineState {
  bool wrap_pending = false;  // the cursor waits behind the last column
  bool fresh_line = false;    // nothing was typed in this line yet
  bool after_return = false;  // and it began with a Return
  bool replacing = false;     // the last character typed took another one's place
  Mood mood = Mood::kTyping;
  uint16_t entered_by = 0;    // the command that began the typing, before its first character
  std::optional<int> wanted;  // the column that Up and Down go for
  std::optional<Position> line_start;   // where the line that is being edited begins
  std::optional<Position> first_typed;  // where its first character was typed
};

struct Draft {
  // `lessons` must outlive it.
  Draft(term::Screen base, const LineState& line, const Lessons* lessons);

  term::Screen base;
  LineState line;
  const Lessons* lessons;
  Position cursor;
  std::vector<ChangedRow> touched;

  int columns() const { return base.columns(); }
  // The row as guessed so far.
  RowModel Row(int row) const;
  void Store(int row, RowModel cells, Effect& effect);
  // One past the last that is not blank in a row.
  int TextEndOf(int row) const;
  // Where the line that is being edited begins, if it is known and the cursor is in that line.
  std::optional<int> LineStartColumn() const;
  term::Rendition RenditionFor(const RowModel& cells, int column) const;
  // A suggestion stands to the right of the cursor: text in grey that nobody typed.
  bool SuggestionAt(const RowModel& cells, int column) const;
  // A program that keeps the whole screen shows something below the line that is being typed in;
  // one that asks line after line does not.
  bool HasTextBelow() const;
  // Return was seen to push the rows below down.
  bool IsEditor() const;
  // The line began behind something, or has a prompt in it: in a terminal that another program
  // keeps a status line in, this may be a shell, and its command may ask for a password.
  bool MayBeCommandLine() const;
  // The key may have done anything.
  void LoseTrack(Effect& effect);
};

// Of a word, as editing keys go by words.
bool IsWordCharacter(const term::Cell& cell);

}  // namespace mosh::predict

#endif  // PREDICT_DRAFT_H_
