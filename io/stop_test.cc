#include "io/stop.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace mosh::io {
namespace {

class Listener : public StopListener {
 public:
  explicit Listener(std::vector<int>* log, int id = 0) : log_(log), id_(id) {}
  Listener* victim = nullptr;

 private:
  void OnStop() noexcept override {
    log_->push_back(id_);
    if (victim != nullptr) victim->StopListening();
  }
  std::vector<int>* log_;
  int id_;
};

TEST(Stop, TellsListenersOnceInOrder) {
  std::vector<int> log;
  StopSource source;
  Listener a(&log, 1), b(&log, 2);
  a.Listen(source.token());
  b.Listen(source.token());
  source.RequestStop();
  source.RequestStop();
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(Stop, ALateListenerIsToldAtOnce) {
  std::vector<int> log;
  StopSource source;
  source.RequestStop();
  Listener late(&log);
  late.Listen(source.token());
  EXPECT_EQ(log.size(), 1);
}

TEST(Stop, ADeadListenerIsForgotten) {
  std::vector<int> log;
  StopSource source;
  {
    Listener(&log).Listen(source.token());
  }
  source.RequestStop();
  EXPECT_TRUE(log.empty());
}

TEST(Stop, AListenerMayRemoveTheNext) {
  std::vector<int> log;
  StopSource source;
  Listener a(&log, 1), b(&log, 2);
  a.victim = &b;
  a.Listen(source.token());
  b.Listen(source.token());
  source.RequestStop();
  EXPECT_EQ(log, (std::vector<int>{1}));
}

TEST(Stop, AChildStopsWithItsParentAndNotTheOtherWay) {
  StopSource parent;
  StopSource first(parent.token());
  StopSource second(parent.token());
  first.RequestStop();
  EXPECT_FALSE(parent.stop_requested());
  EXPECT_FALSE(second.stop_requested());
  parent.RequestStop();
  EXPECT_TRUE(second.stop_requested());
  StopSource late(parent.token());
  EXPECT_TRUE(late.stop_requested());
}

TEST(Stop, TheDefaultTokenNeverStops) { EXPECT_FALSE(StopToken().stop_requested()); }

}  // namespace
}  // namespace mosh::io
