// What was typed and a subscriber has still to be told, in order. However much it is and however
// slowly it is read, so much is kept and the rest is a gap. Pure.
#ifndef SERVER_CONTROL_INPUT_QUEUE_H_
#define SERVER_CONTROL_INPUT_QUEUE_H_

#include <cstddef>
#include <deque>

#include "absl/strings/string_view.h"
#include "server/control/control.pb.h"

namespace mosh::server {

class InputQueue {
 public:
  // Of which each entry takes kEntryOverhead beside its bytes.
  static constexpr size_t kMaxBytes = size_t{64} << 10;
  static constexpr size_t kEntryOverhead = 64;

  void Add(absl::string_view typed);
  // Something was typed that isn't told. All of it up to the next that is told is one gap, also if
  // its beginning has been taken: how much it was and how it went on stays unknown.
  void AddHidden();

  bool empty() const { return waiting_.empty(); }
  // Moves the oldest into the frame, about `max_size` bytes of it; at least a part of one entry.
  void Take(size_t max_size, control::Frame* frame);

 private:
  void AddGap(control::Input::Gap gap);
  bool LosesMore() const { return !empty() && waiting_.back().gap() == control::Input::LOST; }

  std::deque<control::Input> waiting_;
  size_t bytes_ = 0;
  bool hidden_ = false;  // the newest, told or not, is hidden
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_INPUT_QUEUE_H_
