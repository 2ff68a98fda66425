// Where a key has taken the cursor from a row, for keys without a rule of their own. A jump to
// another row is believed when it has been seen, as in a form; one within the row, such as a
// shell's completion makes, when it has been seen twice in turn. Bounded.
#ifndef PREDICT_JUMP_MEMORY_H_
#define PREDICT_JUMP_MEMORY_H_

#include <cstdint>
#include <map>
#include <optional>
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
    jump = {to, jump.to == to ? jump.seen + 1 : 1};
  }
  void OnFailed(uint16_t spelling, int row) { jumps_.erase({spelling, row}); }
  void Clear() { jumps_.clear(); }

 private:
  struct Jump {
    Position to;
    int seen = 0;
  };
  std::map<std::pair<uint16_t, int>, Jump> jumps_;
};

}  // namespace mosh::predict

#endif  // PREDICT_JUMP_MEMORY_H_
