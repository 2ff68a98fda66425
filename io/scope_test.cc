#include "io/scope.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "io/counted.h"
#include "io/event.h"
#include "io/ready_queue.h"
#include "io/task.h"

namespace mosh::io {
namespace {

Task<void> Log(std::vector<int>* log, int what) {
  log->push_back(what);
  co_return;
}

Task<void> WaitForStop(StopToken stop, Counted /*held*/) {
  Event never;
  (co_await never.Wait(stop)).IgnoreError();
}

Task<void> JoinAndLog(Scope* scope, std::vector<int>* log) {
  co_await scope->Join();
  log->push_back(Counted::alive);
}

TEST(Scope, ChildrenStartInOrderAndNotInsideSpawn) {
  ReadyQueue queue;
  std::vector<int> log;
  Scope scope;
  scope.Spawn(Log(&log, 1));
  scope.Spawn(Log(&log, 2));
  EXPECT_TRUE(log.empty());
  queue.RunUntilIdle();
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(Scope, JoinWaitsUntilTheLastFrameIsGone) {
  ReadyQueue queue;
  const int before = Counted::alive;
  std::vector<int> log;
  Scope children;
  Scope joiner;
  children.Spawn(WaitForStop(children.token(), Counted()));
  children.Spawn(WaitForStop(children.token(), Counted()));
  joiner.Spawn(JoinAndLog(&children, &log));
  queue.RunUntilIdle();
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(Counted::alive, before + 2);
  children.Cancel();
  queue.RunUntilIdle();
  EXPECT_EQ(log, (std::vector<int>{before}));
}

TEST(Scope, StopsWhenItsParentDoes) {
  ReadyQueue queue;
  StopSource parent;
  Scope scope(parent.token());
  scope.Spawn(WaitForStop(scope.token(), Counted()));
  queue.RunUntilIdle();
  EXPECT_EQ(scope.children(), 1);
  parent.RequestStop();
  queue.RunUntilIdle();
  EXPECT_EQ(scope.children(), 0);
}

Task<void> SpawnSibling(Scope* scope, std::vector<int>* log) {
  scope->Spawn(Log(log, 7));
  co_return;
}

TEST(Scope, JoinAlsoWaitsForChildrenThatChildrenSpawn) {
  ReadyQueue queue;
  std::vector<int> log;
  Scope scope;
  Scope joiner;
  scope.Spawn(SpawnSibling(&scope, &log));
  joiner.Spawn(JoinAndLog(&scope, &log));
  queue.RunUntilIdle();
  ASSERT_EQ(log.size(), 2);
  EXPECT_EQ(log[0], 7);
}

TEST(ScopeDeathTest, AnUnjoinedScopeIsABrokenInvariant) {
  EXPECT_DEATH(
      {
        ReadyQueue queue;
        Scope scope;
        scope.Spawn(WaitForStop({}, Counted()));
        queue.RunUntilIdle();
      },
      "children_ == 0");
}

Task<void> JoinEmptyThenSpawn(Scope* scope, std::vector<int>* log) {
  co_await scope->Join();
  scope->Spawn(Log(log, 1));
}

TEST(ScopeDeathTest, SpawningAfterTheJoinIsABrokenInvariant) {
  EXPECT_DEATH(
      {
        ReadyQueue queue;
        std::vector<int> log;
        Scope scope;
        Scope other;
        other.Spawn(JoinEmptyThenSpawn(&scope, &log));
        queue.RunUntilIdle();
      },
      "!closed_");
}

}  // namespace
}  // namespace mosh::io
