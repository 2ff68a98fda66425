// Runs many tasks, so many at a time; what they give is dropped.
#ifndef MGMT_AGENT_RUN_SOME_H_
#define MGMT_AGENT_RUN_SOME_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "io/scope.h"
#include "io/task.h"

namespace mosh::mgmt {

template <class T>
io::Task<void> RunInTurn(std::vector<io::Task<T>>* tasks, size_t* next) {
  while (*next < tasks->size()) {
    io::Task<T> task = std::move((*tasks)[(*next)++]);
    (void)co_await std::move(task);
  }
}

// Returns when all have ended.
template <class T>
io::Task<void> RunSome(std::vector<io::Task<T>> tasks, size_t at_a_time) {
  size_t next = 0;
  io::Scope scope;
  for (size_t i = 0; i < std::min(at_a_time, tasks.size()); ++i) {
    scope.Spawn(RunInTurn(&tasks, &next));
  }
  co_await scope.Join();
}

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_RUN_SOME_H_
