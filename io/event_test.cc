#include "io/event.h"

#include <vector>

#include "gtest/gtest.h"
#include "io/ready_queue.h"
#include "io/scope.h"
#include "io/task.h"

namespace mosh::io {
namespace {

Task<void> WaitAndLog(Event* event, StopToken stop, std::vector<absl::StatusCode>* log) {
  const absl::Status status = co_await event->Wait(stop);
  log->push_back(status.code());
}

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kCancelled = absl::StatusCode::kCancelled;
using Codes = std::vector<absl::StatusCode>;

struct EventTest : testing::Test {
  ReadyQueue queue;
  Event event;
  Codes log;
  Scope scope;
};

TEST_F(EventTest, SetWakesAllWaiters) {
  scope.Spawn(WaitAndLog(&event, {}, &log));
  scope.Spawn(WaitAndLog(&event, {}, &log));
  queue.RunUntilIdle();
  EXPECT_TRUE(log.empty());
  event.Set();
  EXPECT_TRUE(log.empty());
  queue.RunUntilIdle();
  EXPECT_EQ(log, (Codes{kOk, kOk}));
}

TEST_F(EventTest, AWaiterIsWokenEvenIfResetFollowsAtOnce) {
  scope.Spawn(WaitAndLog(&event, {}, &log));
  queue.RunUntilIdle();
  event.Set();
  event.Reset();
  queue.RunUntilIdle();
  EXPECT_EQ(log, (Codes{kOk}));
}

TEST_F(EventTest, StaysSetUntilReset) {
  event.Set();
  scope.Spawn(WaitAndLog(&event, {}, &log));
  queue.RunUntilIdle();
  EXPECT_EQ(log, (Codes{kOk}));
}

TEST_F(EventTest, StopEndsTheWait) {
  scope.Spawn(WaitAndLog(&event, scope.token(), &log));
  queue.RunUntilIdle();
  scope.Cancel();
  queue.RunUntilIdle();
  EXPECT_EQ(log, (Codes{kCancelled}));
}

TEST_F(EventTest, StopBeforeTheWait) {
  scope.Cancel();
  scope.Spawn(WaitAndLog(&event, scope.token(), &log));
  queue.RunUntilIdle();
  EXPECT_EQ(log, (Codes{kCancelled}));
}

TEST_F(EventTest, SetThenStopInOneTurnIsASuccess) {
  scope.Spawn(WaitAndLog(&event, scope.token(), &log));
  queue.RunUntilIdle();
  event.Set();
  scope.Cancel();
  queue.RunUntilIdle();
  EXPECT_EQ(log, (Codes{kOk}));
}

TEST_F(EventTest, StopThenSetInOneTurnIsOneAnswer) {
  scope.Spawn(WaitAndLog(&event, scope.token(), &log));
  queue.RunUntilIdle();
  scope.Cancel();
  event.Set();
  queue.RunUntilIdle();
  EXPECT_EQ(log, (Codes{kCancelled}));
}

}  // namespace
}  // namespace mosh::io
