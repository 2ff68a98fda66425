#include "io/timer_queue.h"

#include "base/check.h"

namespace mosh::io {

void TimerNode::ArmNode(Instant deadline) {
  DisarmNode();
  deadline_ = deadline;
  if (deadline == Instant::Max()) return;
  queue_->heap_.push_back({deadline, queue_->next_order_++, this});
  queue_->SiftUp(queue_->heap_.size() - 1);
}

void TimerNode::DisarmNode() {
  deadline_ = Instant::Max();
  if (index_ != kNotArmed) queue_->Remove(this);
}

TimerQueue::~TimerQueue() { CHECK(heap_.empty()); }

void TimerQueue::FireDue(Instant now) {
  const uint64_t armed_later = next_order_;
  while (!heap_.empty()) {
    const Entry first = heap_[0];
    if (first.deadline > now || first.order >= armed_later) return;
    Remove(first.node);
    first.node->deadline_ = Instant::Max();
    first.node->OnTimer();
  }
}

bool TimerQueue::Before(const Entry& a, const Entry& b) {
  if (a.deadline != b.deadline) return a.deadline < b.deadline;
  return a.order < b.order;
}

void TimerQueue::Place(const Entry& entry, size_t index) {
  heap_[index] = entry;
  entry.node->index_ = index;
}

void TimerQueue::SiftUp(size_t index) {
  const Entry entry = heap_[index];
  while (index > 0) {
    const size_t parent = (index - 1) / 2;
    if (!Before(entry, heap_[parent])) break;
    Place(heap_[parent], index);
    index = parent;
  }
  Place(entry, index);
}

void TimerQueue::SiftDown(size_t index) {
  const Entry entry = heap_[index];
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) ++child;
    if (!Before(heap_[child], entry)) break;
    Place(heap_[child], index);
    index = child;
  }
  Place(entry, index);
}

void TimerQueue::Remove(TimerNode* node) {
  const size_t index = node->index_;
  node->index_ = TimerNode::kNotArmed;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.node == node) return;
  Place(last, index);
  SiftUp(index);
  SiftDown(last.node->index_);
}

}  // namespace mosh::io
