#include "io/timer_queue.h"

#include "base/check.h"

namespace mosh::io {

void TimerNode::ArmNode(Instant deadline) {
  DisarmNode();
  deadline_ = deadline;
  if (deadline == Instant::Max()) return;
  order_ = queue_->next_order_++;
  queue_->heap_.push_back(this);
  index_ = queue_->heap_.size() - 1;
  queue_->SiftUp(index_);
}

void TimerNode::DisarmNode() {
  deadline_ = Instant::Max();
  if (index_ != kNotArmed) queue_->Remove(this);
}

TimerQueue::~TimerQueue() { CHECK(heap_.empty()); }

void TimerQueue::FireDue(Instant now) {
  const uint64_t armed_later = next_order_;
  while (!heap_.empty()) {
    TimerNode* node = heap_[0];
    if (node->deadline_ > now || node->order_ >= armed_later) return;
    Remove(node);
    node->deadline_ = Instant::Max();
    node->OnTimer();
  }
}

bool TimerQueue::Before(const TimerNode* a, const TimerNode* b) {
  if (a->deadline_ != b->deadline_) return a->deadline_ < b->deadline_;
  return a->order_ < b->order_;
}

void TimerQueue::Place(TimerNode* node, size_t index) {
  heap_[index] = node;
  node->index_ = index;
}

void TimerQueue::SiftUp(size_t index) {
  TimerNode* node = heap_[index];
  while (index > 0) {
    const size_t parent = (index - 1) / 2;
    if (!Before(node, heap_[parent])) break;
    Place(heap_[parent], index);
    index = parent;
  }
  Place(node, index);
}

void TimerQueue::SiftDown(size_t index) {
  TimerNode* node = heap_[index];
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) ++child;
    if (!Before(heap_[child], node)) break;
    Place(heap_[child], index);
    index = child;
  }
  Place(node, index);
}

void TimerQueue::Remove(TimerNode* node) {
  const size_t index = node->index_;
  node->index_ = TimerNode::kNotArmed;
  TimerNode* last = heap_.back();
  heap_.pop_back();
  if (last == node) return;
  Place(last, index);
  SiftUp(index);
  SiftDown(last->index_);
}

}  // namespace mosh::io
