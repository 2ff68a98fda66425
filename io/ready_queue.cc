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

size_t ReadyQueue::RunOnce() {
  IntrusiveList<Waiter> batch;
  batch.Splice(ready_);
  size_t ran = 0;
  while (!batch.empty()) {
    batch.PopFront()->handle.resume();
    ++ran;
  }
  return ran;
}

void ReadyQueue::RunUntilIdle() {
  while (RunOnce() != 0) {
  }
}

}  // namespace mosh::io
