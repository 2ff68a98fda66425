#include "ssp/send_timing.h"

#include "gtest/gtest.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

constexpr Path kLan{.frame_interval = 20ms, .rto = 50ms, .srtt = 1ms, .measured = true};

struct Fixture {
  Instant now = Instant::FromMillis(10'000);
  SendTiming timing{TransportConfig::Server(), now};
  Fixture() {
    timing.OnSent(now, kLan);
    now += 1s;
  }
};

TEST(SendTiming, FirstSendIsDueAtOnce) {
  const Instant now = Instant::FromMillis(77);
  EXPECT_LE(SendTiming(TransportConfig::Server(), now).AckDue(kLan), now);
}

TEST(SendTiming, IsolatedChangeLeavesAtOnce) {
  Fixture f;
  f.timing.OnLocalChange(f.now, ChangeHint::kIsolated);
  EXPECT_LE(f.timing.ChangeDue(kLan), f.now);
}

TEST(SendTiming, RunWaitsForAPause) {
  Fixture f;
  f.timing.OnLocalChange(f.now, ChangeHint::kBulk);
  EXPECT_EQ(f.timing.ChangeDue(kLan), f.now + 1500us);
  f.timing.OnLocalChange(f.now + 1ms, ChangeHint::kBulk);
  EXPECT_EQ(f.timing.ChangeDue(kLan), f.now + 2500us);
}

TEST(SendTiming, EndlessRunWaitsNoLongerThanTheLimit) {
  Fixture f;
  for (int i = 0; i < 20; ++i) f.timing.OnLocalChange(f.now + i * 1ms, ChangeHint::kBulk);
  EXPECT_EQ(f.timing.ChangeDue(kLan), f.now + 8ms);
}

TEST(SendTiming, IsolatedChangeWithinARunIsPartOfIt) {
  Fixture f;
  f.timing.OnLocalChange(f.now, ChangeHint::kBulk);
  f.timing.OnSent(f.now + 2ms, kLan);
  f.timing.OnAllSent();
  f.timing.OnLocalChange(f.now + 3ms, ChangeHint::kIsolated);
  EXPECT_EQ(f.timing.ChangeDue(kLan), f.now + 4500us);
}

TEST(SendTiming, EchoInPiecesIsCollectedFromTheSecondTimeOn) {
  Fixture f;
  const auto key = [&] {
    f.timing.OnLocalChange(f.now, ChangeHint::kIsolated);
    const auto wait = f.timing.ChangeDue(kLan) - f.now;
    f.timing.OnAllSent();
    f.timing.OnLocalChange(f.now + 1ms, ChangeHint::kIsolated);
    f.timing.OnAllSent();
    f.now += 150ms;
    return wait;
  };
  EXPECT_LE(key(), 0ms);
  EXPECT_EQ(key(), 1500us);
}

TEST(SendTiming, AtOncePolicyWaitsForPacingOnly) {
  const Instant start = Instant::FromMillis(1);
  SendTiming timing(TransportConfig::Client(), start);
  for (int i = 0; i < 6; ++i) timing.OnSent(start, kLan);
  timing.OnLocalChange(start, ChangeHint::kBulk);
  EXPECT_EQ(timing.ChangeDue(kLan), start + 20ms);
}

TEST(SendTiming, DataIsAcknowledgedWithin100MsOfTheFirst) {
  Fixture f;
  constexpr Path kTight{.frame_interval = 50ms, .rto = 100ms, .srtt = 100ms, .measured = true};
  f.timing.OnRemoteData(f.now, SendTiming::kDelayedAck, kTight);
  f.timing.OnRemoteData(f.now + 60ms, SendTiming::kDelayedAck, kTight);
  EXPECT_EQ(f.timing.AckDue(kLan), f.now + 100ms);
  f.timing.OnSent(f.now + 70ms, kLan);
  EXPECT_EQ(f.timing.AckDue(kLan), f.now + 70ms + 3300ms);
}

TEST(SendTiming, AcknowledgementUsesTheRoomThePeersPatienceLeaves) {
  Fixture f;
  f.timing.OnRemoteData(f.now, SendTiming::kDelayedAck, kLan);
  EXPECT_EQ(f.timing.AckDue(kLan), f.now + 112ms);
}

TEST(SendTiming, BackgroundChangeWaitsForCompany) {
  Fixture f;
  f.timing.OnLocalChange(f.now, ChangeHint::kBackground);
  EXPECT_EQ(f.timing.ChangeDue(kLan), f.now + SendTiming::kBackgroundWait);
  f.timing.OnLocalChange(f.now + 10ms, ChangeHint::kIsolated);
  EXPECT_LE(f.timing.ChangeDue(kLan), f.now + 10ms);
  f.timing.OnAllSent();
  EXPECT_FALSE(f.timing.change_pending());
}

TEST(SendTiming, CopyAcknowledgesButIsNotPaced) {
  Fixture f;
  for (int i = 0; i < 5; ++i) f.timing.OnCopySent(f.now);
  EXPECT_LE(f.timing.ReadyAt(kLan), f.now);
  f.timing.OnRemoteData(f.now, SendTiming::kDelayedAck, kLan);
  EXPECT_TRUE(f.timing.ack_pending());
  f.timing.OnCopySent(f.now);
  EXPECT_FALSE(f.timing.ack_pending());
  EXPECT_EQ(f.timing.AckDue(kLan), f.now + 3300ms);
}

TEST(SendTiming, BackgroundChangeTakesNothingFromWhatComesNext) {
  const Instant start = Instant::FromMillis(1);
  SendTiming timing(TransportConfig::Client(), start);
  for (int i = 0; i < 4; ++i) timing.OnSent(start, kLan);  // 2 of 6 credits left
  timing.OnLocalChange(start, ChangeHint::kBackground);
  EXPECT_EQ(timing.ChangeDue(kLan), start + SendTiming::kBackgroundWait);
  timing.OnSent(start, kLan);
  EXPECT_EQ(timing.ChangeDue(kLan), start + 40ms);  // until there are 3 again
  timing.OnSent(start + 40ms, kLan);
  EXPECT_EQ(timing.ChangeDue(kLan), start + 60ms);
  timing.OnLocalChange(start + 41ms, ChangeHint::kIsolated);
  EXPECT_LE(timing.ChangeDue(kLan), start + 41ms);
}

TEST(SendTiming, AnswerWaitsForPacing) {
  Fixture f;
  for (int i = 0; i < 7; ++i) f.timing.OnSent(f.now, kLan);
  f.timing.OnAnswerWanted(f.now);
  EXPECT_GT(f.timing.AnswerDue(kLan), f.now);
  EXPECT_LE(f.timing.AnswerDue(kLan), f.now + 40ms);
}

TEST(SendTiming, HeartbeatOfAServerGoesAlongWithTheClients) {
  Fixture f;
  f.now += 1s;  // 2 s after the last send
  f.timing.OnPeerHeartbeat(f.now);
  EXPECT_EQ(f.timing.AckDue(kLan), f.now);
  f.timing.OnSent(f.now, kLan);
  EXPECT_EQ(f.timing.AckDue(kLan), f.now + 3300ms);
}

TEST(SendTiming, HeartbeatThatIsNotDueSoonDoesNotGoAlong) {
  Fixture f;  // 1 s after the last send
  f.timing.OnPeerHeartbeat(f.now);
  EXPECT_EQ(f.timing.AckDue(kLan), f.now + 2300ms);
}

TEST(SendTiming, ClientsHeartbeatKeepsItsOwnTime) {
  const Instant start = Instant::FromMillis(1);
  SendTiming timing(TransportConfig::Client(), start);
  timing.OnSent(start, kLan);
  timing.OnPeerHeartbeat(start + 2900ms);
  EXPECT_EQ(timing.AckDue(kLan), start + 3s);
}

}  // namespace
}  // namespace mosh::ssp
