#include "io/task.h"

#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "io/counted.h"
#include "io/ready_queue.h"
#include "io/scope.h"

namespace mosh::io {
namespace {

Task<int> Answer() { co_return 42; }

Task<void> Store(int* out) { *out = co_await Answer(); }

// Runs a task that needs no reactor.
void RunTask(Task<void> task) {
  ReadyQueue queue;
  Scope scope;
  scope.Spawn(std::move(task));
  queue.RunUntilIdle();
}

TEST(Task, GivesItsResultToTheAwaiter) {
  int result = 0;
  RunTask(Store(&result));
  EXPECT_EQ(result, 42);
}

TEST(Task, DoesNotStartBeforeItIsAwaited) {
  int result = 0;
  {
    const Task<void> dropped = Store(&result);
  }
  EXPECT_EQ(result, 0);
}

Task<int> Hold(Counted /*argument*/) { co_return Counted::alive; }

TEST(Task, DroppingAnUnstartedTaskDestroysItsArguments) {
  const int before = Counted::alive;
  {
    const Task<int> task = Hold(Counted());
    EXPECT_EQ(Counted::alive, before + 1);
  }
  EXPECT_EQ(Counted::alive, before);
}

Task<void> CountWhileAwaiting(int* inside, int* after) {
  *inside = co_await Hold(Counted());
  *after = Counted::alive;
}

TEST(Task, TheFrameDiesWithTheAwaitExpression) {
  const int before = Counted::alive;
  int inside = 0;
  int after = 0;
  RunTask(CountWhileAwaiting(&inside, &after));
  EXPECT_GT(inside, before);
  EXPECT_EQ(after, before);
}

Task<std::unique_ptr<int>> MakeUnique(int value) { co_return std::make_unique<int>(value); }

Task<void> TakeUnique(int* out) {
  const std::unique_ptr<int> p = co_await MakeUnique(7);
  *out = *p;
}

TEST(Task, MovesAMoveOnlyResultOut) {
  int result = 0;
  RunTask(TakeUnique(&result));
  EXPECT_EQ(result, 7);
}

TEST(Task, MoveAssignmentDropsTheOldTask) {
  const int before = Counted::alive;
  Task<int> a = Hold(Counted());
  Task<int> b = Hold(Counted());
  a = std::move(b);
  EXPECT_EQ(Counted::alive, before + 1);
}

#if defined(__OPTIMIZE__) && !defined(MOSH_SANITIZED)
Task<void> AwaitMany(int times, int64_t* sum) {
  for (int i = 0; i < times; ++i) *sum += co_await Answer();
}

// Without symmetric transfer every await of a task that does not suspend would leave a stack frame
// behind.
TEST(Task, AMillionAwaitsNeedNoStack) {
  int64_t sum = 0;
  RunTask(AwaitMany(1'000'000, &sum));
  EXPECT_EQ(sum, 42'000'000);
}
#endif

}  // namespace
}  // namespace mosh::io
