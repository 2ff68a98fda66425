// WriteMotion: the shortest escape string from one cursor position to another.
// Sources: ECMA-48 §8.3 (CUP, CUU, CUD, CUF, CUB, CHA, VPA), docs/spec/terminal.md §13, §14.
//
// Assumes a full scroll region, origin mode off, and a line feed that keeps its column. From a
// pending wrap (and from an unknown column) nothing relative is used, because readers disagree
// about where they are then.
#ifndef TERM_CURSOR_MOTION_H_
#define TERM_CURSOR_MOTION_H_

#include <cstddef>

#include "term/size.h"

namespace mosh::term {

// Where the reader's cursor is, as far as the writer knows.
struct PenPosition {
  static constexpr int kUnknown = -1;
  int row = kUnknown;
  int column = kUnknown;  // The screen's width: in the last column with a wrap pending.
  friend constexpr bool operator==(const PenPosition&, const PenPosition&) = default;
};

inline constexpr size_t kMaxMotion = 32;

// Writes the bytes to `out` (room for kMaxMotion) and returns how many. `to` is on the screen.
// `hard_tabs`: the reader has a tab stop at every eighth column. Pure.
size_t WriteMotion(PenPosition from, PenPosition to, Size size, bool hard_tabs, char* out);

// Bytes that WriteMotion would write.
size_t MotionLength(PenPosition from, PenPosition to, Size size, bool hard_tabs);

}  // namespace mosh::term

#endif  // TERM_CURSOR_MOTION_H_
