// DetectScrolls: finds the rows that moved up or down, so that they need not be sent again.
//
// Evidence is first the identity of lines (RowRef::id: a line that scrolled keeps it), then, if
// that tells nothing, equal content, which also sees programs that redraw what they scroll. Blank
// rows are no evidence. O(rows) when rows keep their identity; O(cells) otherwise.
#ifndef TERM_SCROLL_DETECT_H_
#define TERM_SCROLL_DETECT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "term/screen.h"

namespace mosh::term {

// Rows top..bottom (inclusive) move by `lines`: up if positive, down if negative. Blank rows come
// in.
struct Scroll {
  int top;
  int bottom;
  int lines;
  friend bool operator==(const Scroll&, const Scroll&) = default;
};

// Scrolls, of disjoint regions, that make `to` cheaper to draw over `from`. Both have the same
// size. changed[row]: whether that row differs between them. Pure.
std::vector<Scroll> DetectScrolls(const Screen& from, const Screen& to,
                                  std::span<const uint8_t> changed);

}  // namespace mosh::term

#endif  // TERM_SCROLL_DETECT_H_
