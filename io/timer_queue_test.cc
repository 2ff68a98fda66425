#include "io/timer_queue.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace mosh::io {
namespace {

class LoggingTimer final : public TimerNode {
 public:
  LoggingTimer(TimerQueue* queue, std::vector<int>* log, int id)
      : TimerNode(queue), log_(log), id_(id) {}
  Instant again = Instant::Max();

 private:
  void OnTimer() override {
    log_->push_back(id_);
    if (again != Instant::Max()) ArmNode(again);
  }
  std::vector<int>* log_;
  int id_;
};

TEST(TimerQueue, FiresWhatIsDueInOrderOfDeadlineThenOfArming) {
  TimerQueue queue;
  std::vector<int> log;
  LoggingTimer a(&queue, &log, 1), b(&queue, &log, 2), c(&queue, &log, 3), d(&queue, &log, 4);
  a.ArmNode(Instant::FromMillis(20));
  b.ArmNode(Instant::FromMillis(10));
  c.ArmNode(Instant::FromMillis(10));
  d.ArmNode(Instant::FromMillis(30));
  queue.FireDue(Instant::FromMillis(20));
  EXPECT_EQ(log, (std::vector<int>{2, 3, 1}));
  EXPECT_EQ(queue.NextDeadline(), Instant::FromMillis(30));
}

TEST(TimerQueue, RearmingReplacesTheDeadline) {
  TimerQueue queue;
  std::vector<int> log;
  LoggingTimer a(&queue, &log, 1);
  for (int i = 0; i < 1000; ++i) a.ArmNode(Instant::FromMillis(i));
  queue.FireDue(Instant::FromMillis(998));
  EXPECT_TRUE(log.empty());
  a.ArmNode(Instant::Max());
  EXPECT_EQ(queue.NextDeadline(), Instant::Max());
}

TEST(TimerQueue, ATimerThatRearmsItselfInThePastDoesNotHoldTheLoop) {
  TimerQueue queue;
  std::vector<int> log;
  LoggingTimer a(&queue, &log, 1);
  a.again = Instant::FromMillis(0);
  a.ArmNode(Instant::FromMillis(0));
  queue.FireDue(Instant::FromMillis(5));
  EXPECT_EQ(log.size(), 1);
  a.again = Instant::Max();
}

TEST(TimerQueue, DestructionDisarms) {
  TimerQueue queue;
  std::vector<int> log;
  {
    LoggingTimer(&queue, &log, 1).ArmNode(Instant::FromMillis(1));
  }
  EXPECT_EQ(queue.NextDeadline(), Instant::Max());
}

TEST(TimerQueue, AgreesWithASortOverRandomOperations) {
  std::mt19937 random(7);
  TimerQueue queue;
  std::vector<int> log;
  std::vector<std::unique_ptr<LoggingTimer>> timers;
  for (int i = 0; i < 200; ++i) timers.push_back(std::make_unique<LoggingTimer>(&queue, &log, i));
  for (int i = 0; i < 5000; ++i) {
    LoggingTimer& timer = *timers[random() % timers.size()];
    if (random() % 4 == 0) {
      timer.DisarmNode();
    } else {
      timer.ArmNode(Instant::FromNanos(static_cast<int64_t>(random() % 1'000'000)));
    }
  }
  std::vector<std::pair<Instant, int>> expected;
  for (int i = 0; i < 200; ++i) {
    if (timers[i]->armed()) expected.emplace_back(timers[i]->deadline(), i);
  }
  std::sort(expected.begin(), expected.end());
  queue.FireDue(Instant::FromMillis(1));
  ASSERT_EQ(log.size(), expected.size());
  for (size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i], expected[i].second);
}

}  // namespace
}  // namespace mosh::io
