// Where a key has taken the cursor from a row, for keys without a rule of their own. A jump to
// another row is believed when it has been seen, as in a form; one within the row, such as a
// shell's completion makes, when it has been seen twice in turn. Bounded.
#ifndef PREDICT_JUMP_MEMORY_H_
#define PREDICT_JUMP_MEMORY_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "predict/policy.h"
#include "predict/row_model.h"

namespace mosh::predict {

class JumpMemory {
 public:
  std::optional<Position> Target(uint16_t spelling, int row) const {
    const auto found = jumps_.find({spelling, row});
    if (found == jumps_.end()) return std::nullopt;
    const Jump& jump = found->second;
    if (jump.seen < (jump.to.row == row ? 2 : 1)) return std::nullopt;
    return jump.to;
  }
  void OnSeen(uint16_t spelling, int row, Position to) {
    if (spelling == 0) return;
    if (jumps_.size() >= policy::kMaxJumps) jumps_.clear();
    Jump& jump = jumps_[{spelling, row}];
    jump = jump.to == to ? Jump{to, jump.seen + 1, jump.unchanged + 1} : Jump{to, 1, 1};
  }
  // The screen has changed elsewhere than in the places that jumps lead to (Bounds()).
  void OnOtherLooks() {
    for (auto& [from, jump] : jumps_) jump.unchanged = 0;
  }
  void OnFailed(uint16_t spelling, int row) { jumps_.erase({spelling, row}); }
  void Clear() { jumps_.clear(); }
  bool empty() const { return jumps_.empty(); }

  // By row, the leftmost column that a jump leads to.
  std::map<int, int> Bounds() const {
    std::map<int, int> bounds;
    for (const auto& [from, jump] : jumps_) {
      const auto [bound, is_new] = bounds.try_emplace(jump.to.row, jump.to.column);
      bound->second = std::min(bound->second, jump.to.column);
    }
    return bounds;
  }
  // All places that jumps lead to from this row and from there on, if they lead back to this row
  // and each of them has been seen twice since the screen looks as it does. Else empty.
  std::set<Position> Ring(int row) const {
    std::set<Position> places;
    std::set<int> rows = {row}, followed;
    while (rows.size() > followed.size()) {
      const auto next =
          std::find_if(rows.begin(), rows.end(), [&](int one) { return !followed.contains(one); });
      followed.insert(*next);
      const int from = *next;
      bool leads_on = false;
      for (const auto& [key, jump] : jumps_) {
        if (key.second != from) continue;
        if (jump.unchanged < 2) return {};
        leads_on = true;
        places.insert(jump.to);
        rows.insert(jump.to.row);
      }
      if (!leads_on) return {};
    }
    const bool returns =
        std::any_of(places.begin(), places.end(), [&](Position at) { return at.row == row; });
    return returns ? places : std::set<Position>{};
  }

 private:
  struct Jump {
    Position to;
    int seen = 0;       // in turn
    int unchanged = 0;  // of these, since the screen looks as it does
  };
  std::map<std::pair<uint16_t, int>, Jump> jumps_;  // by key and row
};

}  // namespace mosh::predict

#endif  // PREDICT_JUMP_MEMORY_H_
