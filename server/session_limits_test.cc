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

TEST_F(SessionLimitsTest, TheStricterOfWhatIsConfiguredAndToldHolds) {
  SessionLimits limits({.idle = 1h, .lifetime = 8h}, kStart);
  EXPECT_FALSE(limits.SetTold({.idle = 2h, .lifetime = 4h}, kStart));
  EXPECT_EQ(limits.NextDeadline(), kStart + 1h - 60s);
  limits.OnInput(kStart + 3h + 30min);
  EXPECT_EQ(limits.NextDeadline(), kStart + 4h - 60s);
  EXPECT_FALSE(limits.SetTold({}, kStart + 3h + 30min)) << "as without";
  EXPECT_EQ(limits.NextDeadline(), kStart + 4h + 30min - 60s);
}

TEST_F(SessionLimitsTest, WhomANewLimitWouldEndIsWarnedFirst) {
  SessionLimits limits({}, kStart);
  now_ = kStart + 24h;
  EXPECT_FALSE(limits.SetTold({.idle = 1h}, now_));
  EXPECT_EQ(limits.NextDeadline(), now_) << "at once";
  EXPECT_EQ(Next(limits).notice, "This session ends in 1m: nobody has typed for 1h.");
  EXPECT_EQ(Next(limits).notice, "This session ends in 10s: nobody has typed for 1h.");
  EXPECT_TRUE(Next(limits).end);
  EXPECT_EQ(since_start(), 24h + 60s);
}

TEST_F(SessionLimitsTest, ALimitThatIsToldAgainChangesNothing) {
  SessionLimits limits({}, kStart);
  limits.SetTold({.lifetime = 1h}, kStart);
  EXPECT_FALSE(Next(limits).notice.empty());
  EXPECT_FALSE(limits.SetTold({.lifetime = 1h}, now_ + 30s));
  EXPECT_EQ(limits.NextDeadline(), kStart + 1h - 10s);
}

TEST_F(SessionLimitsTest, ALimitThatIsTakenBackWithdrawsItsWarning) {
  SessionLimits limits({.lifetime = 8h}, kStart);
  limits.SetTold({.lifetime = 1h}, kStart);
  EXPECT_FALSE(Next(limits).notice.empty());
  EXPECT_TRUE(limits.SetTold({}, now_));
  EXPECT_EQ(limits.NextDeadline(), kStart + 8h - 60s);
  EXPECT_FALSE(limits.SetTold({.detached = 1min}, now_)) << "nobody was warned of the other";
}

TEST(Limits, StrictestIsOfEachKind) {
  const Limits both =
      Strictest({.sessions = 5, .idle = 1h, .detached = 3h}, {.idle = 2h, .lifetime = 4h});
  EXPECT_EQ(both.sessions, 5u);
  EXPECT_EQ(both.idle, 1h);
  EXPECT_EQ(both.lifetime, 4h);
  EXPECT_EQ(both.detached, 3h);
  EXPECT_EQ(Strictest({.sessions = 5}, {.sessions = 3}).sessions, 3u);
}

}  // namespace
}  // namespace mosh::server
