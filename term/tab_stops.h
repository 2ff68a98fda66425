// TabStops: which columns a tab goes to (docs/spec/terminal.md §5, §10).
#ifndef TERM_TAB_STOPS_H_
#define TERM_TAB_STOPS_H_

#include <vector>

namespace mosh::term {

class TabStops {
 public:
  static constexpr int kInterval = 8;

  explicit TabStops(int columns) { SetDefaults(columns); }

  void SetDefaults(int columns) {
    stops_.clear();
    defaults_ = true;
    Resize(columns);
  }
  // New columns get stops every kInterval, unless ClearAll() was called.
  void Resize(int columns) {
    const int old = static_cast<int>(stops_.size());
    stops_.resize(columns, false);
    for (int column = old; defaults_ && column < columns; ++column) {
      stops_[column] = column % kInterval == 0;
    }
  }
  void Set(int column) { stops_[column] = true; }
  void Clear(int column) { stops_[column] = false; }
  void ClearAll() {
    stops_.assign(stops_.size(), false);
    defaults_ = false;
  }
  // The next stop right of `column`, at most `limit`.
  int Next(int column, int limit) const {
    do ++column;
    while (column < limit && !stops_[column]);
    return column < limit ? column : limit;
  }
  // The next stop left of `column`, at least `limit`.
  int Previous(int column, int limit) const {
    do --column;
    while (column > limit && !stops_[column]);
    return column > limit ? column : limit;
  }

 private:
  std::vector<bool> stops_;
  bool defaults_ = true;
};

}  // namespace mosh::term

#endif  // TERM_TAB_STOPS_H_
