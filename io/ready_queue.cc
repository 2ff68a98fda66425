#include "io/ready_queue.h"

#include "base/check.h"

namespace mosh::io {
namespace {
thread_local ReadyQueue* current_queue = nullptr;
}  // namespace

ReadyQueue::ReadyQueue() {
  CHECK(current_queue == nullptr);
  current_queue = this;
}

ReadyQueue::~ReadyQueue() { current_queue = nullptr; }

ReadyQueue& ReadyQueue::Current() {
  CHECK(current_queue != nullptr);
  return *current_queue;
}

void ReadyQueue::RunTurn() {
  ready_.Splice(later_);
  for (int round = 0; round < kMaxRounds && !ready_.empty(); ++round) {
    IntrusiveList<Waiter> batch;
    batch.Splice(ready_);
    while (!batch.empty()) batch.PopFront()->handle.resume();
  }
}

void ReadyQueue::RunUntilIdle() {
  while (!empty()) RunTurn();
}

}  // namespace mosh::io
