// The deadlines of one reactor: a binary heap of objects that know their own place in it. The
// deadlines stand in the heap itself, so that among thousands no object is touched but the one that
// moves.
//
// Arming, re-arming and disarming are O(log n), allocate nothing per call and make no system call:
// the reactor looks at NextDeadline() once, just before it sleeps. So a deadline moved a thousand
// times costs no wake-up. Equal deadlines fire in the order in which they were armed.
#ifndef IO_TIMER_QUEUE_H_
#define IO_TIMER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/instant.h"

namespace mosh::io {

class TimerQueue;

// Something that happens at an instant. Disarms itself on destruction; must not outlive its queue.
class TimerNode {
 public:
  explicit TimerNode(TimerQueue* queue) : queue_(queue) {}
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  // Instant::Max() disarms. A deadline in the past fires in the next turn of the loop.
  void ArmNode(Instant deadline);
  void DisarmNode();
  bool armed() const { return index_ != kNotArmed; }
  Instant deadline() const { return deadline_; }

 protected:
  ~TimerNode() { DisarmNode(); }

 private:
  friend class TimerQueue;
  static constexpr size_t kNotArmed = SIZE_MAX;
  // The node is disarmed already. May arm it again, or destroy it.
  virtual void OnTimer() = 0;

  TimerQueue* queue_;
  Instant deadline_ = Instant::Max();
  size_t index_ = kNotArmed;
};

class TimerQueue {
 public:
  TimerQueue() = default;
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Max() when nothing is armed.
  Instant NextDeadline() const { return heap_.empty() ? Instant::Max() : heap_[0].deadline; }

  // Fires what is due, but nothing that gets armed meanwhile: so it always returns.
  void FireDue(Instant now);

 private:
  friend class TimerNode;
  struct Entry {
    Instant deadline;
    uint64_t order;  // of arming
    TimerNode* node;
  };
  static bool Before(const Entry& a, const Entry& b);
  void Place(const Entry& entry, size_t index);
  void SiftUp(size_t index);
  void SiftDown(size_t index);
  void Remove(TimerNode* node);

  std::vector<Entry> heap_;
  uint64_t next_order_ = 0;
};

}  // namespace mosh::io

#endif  // IO_TIMER_QUEUE_H_
