// How much of what has scrolled off the top of a screen is kept (history.h).
#ifndef TERM_HISTORY_LIMITS_H_
#define TERM_HISTORY_LIMITS_H_

#include <cstddef>

namespace mosh::term {

struct HistoryLimits {
  int lines = 2000;  // at least 1; Terminal::KeepHistory takes 0 for none at all
  // What History::memory_bytes() may be, but for one block.
  size_t bytes = size_t{4} << 20;
};

}  // namespace mosh::term

#endif  // TERM_HISTORY_LIMITS_H_
