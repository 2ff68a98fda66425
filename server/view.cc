#include "server/view.h"

#include <algorithm>

namespace mosh::server {
namespace {

// Where a window of `shown` of `total` begins that must show `cursor`, and began at `before`.
int Scrolled(int before, int shown, int total, int cursor) {
  const int moved = std::clamp(before, cursor - shown + 1, cursor);
  return std::clamp(moved, 0, std::max(0, total - shown));
}

}  // namespace

term::Screen View::Of(const term::Screen& screen) {
  if (screen.size() == window_) return screen;
  top_ = Scrolled(top_, window_.rows, screen.rows(), screen.cursor().row);
  left_ = Scrolled(left_, window_.columns, screen.columns(), screen.cursor().column);
  return screen.Window(top_, left_, window_);
}

}  // namespace mosh::server
