#include "server/control/input_queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/control/reply_parts.h"

namespace mosh::server {

void InputQueue::Add(absl::string_view typed) {
  if (typed.empty() || LosesMore()) return;
  if (bytes_ + kEntryOverhead + typed.size() > kMaxBytes) return AddGap(control::Input::LOST);
  hidden_ = false;
  if (empty() || !waiting_.back().has_typed()) {
    waiting_.emplace_back();
    bytes_ += kEntryOverhead;
  }
  waiting_.back().mutable_typed()->append(typed.data(), typed.size());
  bytes_ += typed.size();
}

void InputQueue::AddHidden() {
  if (hidden_ || LosesMore()) return;
  if (bytes_ + kEntryOverhead > kMaxBytes) return AddGap(control::Input::LOST);
  AddGap(control::Input::HIDDEN);
  hidden_ = true;
}

void InputQueue::AddGap(control::Input::Gap gap) {
  waiting_.emplace_back().set_gap(gap);
  bytes_ += kEntryOverhead;
  hidden_ = false;
}

void InputQueue::Take(size_t max_size, control::Frame* frame) {
  size_t room = max_size;
  while (!empty()) {
    control::Input& first = waiting_.front();
    const size_t size = kEntryOverhead + first.typed().size();
    if (size <= room) {
      *frame->add_input() = std::move(first);
      waiting_.pop_front();
      bytes_ -= size;
      room -= size;
      continue;
    }
    if (frame->input_size() > 0) return;
    // One that is too long by itself.
    std::string* const rest = first.mutable_typed();
    const size_t part =
        std::max<size_t>(1, CharacterBoundary(*rest, room - std::min(room, kEntryOverhead)));
    frame->add_input()->set_typed(rest->substr(0, part));
    rest->erase(0, part);
    bytes_ -= part;
    return;
  }
}

}  // namespace mosh::server
