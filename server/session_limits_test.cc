#include "server/session_limits.h"

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

using namespace std::chrono_literals;

class SessionLimitsTest : public testing::Test {
 protected:
  // Lets time pass until there is something to say.
  SessionLimits::Decision Next(SessionLimits& limits) {
    now_ = limits.NextDeadline();
    EXPECT_NE(now_, Instant::Max());
    return limits.OnTime(now_);
  }
  std::chrono::nanoseconds since_start() const { return now_ - kStart; }

  static constexpr Instant kStart = Instant::FromMillis(5000);
  Instant now_ = kStart;
};

TEST_F(SessionLimitsTest, WithoutLimitsNothingEverHappens) {
  const SessionLimits limits({}, kStart);
  EXPECT_EQ(limits.NextDeadline(), Instant::Max());
}

TEST_F(SessionLimitsTest, WarnsTwiceThenEnds) {
  SessionLimits limits({.lifetime = 8h}, kStart);
  SessionLimits::Decision decision = Next(limits);
  EXPECT_EQ(since_start(), 8h - 60s);
  EXPECT_EQ(decision.notice, "This session ends in 1m: sessions end after 8h.");
  EXPECT_EQ(decision.show_for, 60s);
  EXPECT_FALSE(decision.end);
  decision = Next(limits);
  EXPECT_EQ(since_start(), 8h - 10s);
  EXPECT_EQ(decision.notice, "This session ends in 10s: sessions end after 8h.");
  decision = Next(limits);
  EXPECT_EQ(since_start(), 8h);
  EXPECT_TRUE(decision.end);
  EXPECT_EQ(decision.reason, "Session ended: sessions end after 8h.");
  EXPECT_EQ(limits.NextDeadline(), Instant::Max());
}

TEST_F(SessionLimitsTest, ShortLimitsWarnInProportion) {
  SessionLimits limits({.lifetime = 24s}, kStart);
  EXPECT_EQ(Next(limits).notice, "This session ends in 12s: sessions end after 24s.");
  EXPECT_EQ(since_start(), 12s);
  EXPECT_EQ(Next(limits).notice, "This session ends in 2s: sessions end after 24s.");
  EXPECT_TRUE(Next(limits).end);
}

TEST_F(SessionLimitsTest, TypingStartsIdlenessAnew) {
  SessionLimits limits({.idle = 10min}, kStart);
  EXPECT_FALSE(limits.OnInput(kStart + 1min));
  EXPECT_EQ(limits.NextDeadline(), kStart + 10min);
  EXPECT_FALSE(Next(limits).notice.empty());
  EXPECT_TRUE(limits.OnInput(now_));  // what the warning said is no longer true
  EXPECT_FALSE(limits.OnInput(now_));
  EXPECT_EQ(limits.NextDeadline(), now_ + 9min);
}

TEST_F(SessionLimitsTest, DetachedCountsOnlyWithoutAClient) {
  SessionLimits limits({.detached = 1h}, kStart);
  EXPECT_EQ(limits.NextDeadline(), kStart + 59min);
  limits.OnAttached();
  EXPECT_EQ(limits.NextDeadline(), Instant::Max());
  limits.OnDetached(kStart + 2h);
  EXPECT_EQ(limits.NextDeadline(), kStart + 2h + 59min);
}

TEST_F(SessionLimitsTest, OnlyTheSoonestEndIsSpokenOf) {
  SessionLimits limits({.idle = 1h, .lifetime = 1h + 5s}, kStart);
  EXPECT_EQ(Next(limits).notice, "This session ends in 1m: nobody has typed for 1h.");
  EXPECT_EQ(Next(limits).notice, "");  // of the lifetime
}

TEST_F(SessionLimitsTest, LateQuestionsAreAnswered) {
  SessionLimits limits({.lifetime = 1h}, kStart);
  EXPECT_TRUE(limits.OnTime(kStart + 2h).end);
}

}  // namespace
}  // namespace mosh::server
