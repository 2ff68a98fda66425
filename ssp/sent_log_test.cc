#include "ssp/sent_log.h"

#include "gtest/gtest.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

constexpr AckPatience kPatience{.early = 150ms, .overdue = 150ms, .frame_interval = 20ms};
const Instant kStart = Instant::FromMillis(1000);

TEST(SentLog, YoungEntriesAreBelievedReceived) {
  SentLog log(kStart);
  log.Append({1}, 0, std::nullopt, kStart);
  log.Append({2}, 1, std::nullopt, kStart + 100ms);
  EXPECT_EQ(log.Assumed(kStart + 149ms, 150ms), 2u);
}

TEST(SentLog, EntryBuiltOnADoubtfulOneIsDoubtful) {
  SentLog log(kStart);
  log.Append({1}, 0, std::nullopt, kStart);
  log.Append({2}, 1, std::nullopt, kStart + 100ms);
  EXPECT_EQ(log.Assumed(kStart + 150ms, 150ms), 0u);
}

TEST(SentLog, OldEntryBlocksNothingBuiltPastIt) {
  SentLog log(kStart);
  log.Append({1}, 0, 0, kStart);  // an empty acknowledgement, never confirmed
  log.Append({2}, 0, std::nullopt, kStart + 1s);
  EXPECT_EQ(log.Assumed(kStart + 1050ms, 150ms), 1u + 1u);
  EXPECT_EQ(log.RetransmitDue(kPatience), kStart + 1150ms);
}

TEST(SentLog, UnconfirmedEmptyAckIsNeverRepeated) {
  SentLog log(kStart);
  log.Append({1}, 0, 0, kStart);
  EXPECT_EQ(log.RetransmitDue(kPatience), Instant::Max());
}

TEST(SentLog, ConfirmedBaseMakesAnEntryStandAlone) {
  SentLog log(kStart);
  log.Append({1}, 0, std::nullopt, kStart);
  log.Append({2}, 1, std::nullopt, kStart + 100ms);
  EXPECT_EQ(log.OnAck({1}), 1u);
  EXPECT_EQ(log.Assumed(kStart + 200ms, 150ms), 1u);
}

TEST(SentLog, UnknownAckChangesNothing) {
  SentLog log(kStart);
  log.Append({1}, 0, std::nullopt, kStart);
  EXPECT_EQ(log.OnAck({7}), 0u);
  EXPECT_EQ(log.OnAck(kShutdownNum), 0u);
  EXPECT_EQ(log.OnAck({0}), 0u);
  EXPECT_EQ(log.size(), 2u);
}

TEST(SentLog, OnceSomethingIsOverdueSmallOnesRepeatAtTheFrameRate) {
  SentLog log(kStart);
  log.Append({1}, 0, std::nullopt, kStart);
  log.Append({2}, 0, std::nullopt, kStart + 140ms);
  EXPECT_EQ(log.RetransmitDue(kPatience), kStart + 160ms);
  EXPECT_TRUE(log.Overdue(kStart + 160ms, kPatience));
  log.SetLastSmall(false);
  EXPECT_EQ(log.RetransmitDue(kPatience), kStart + 290ms);
}

TEST(SentLog, EarlyRepetitionIsForWhatWasSentOnce) {
  SentLog log(kStart);
  constexpr AckPatience kEarly{.early = 70ms, .overdue = 150ms, .frame_interval = 20ms};
  log.Append({1}, 0, std::nullopt, kStart);
  EXPECT_EQ(log.RetransmitDue(kEarly), kStart + 70ms);
  log.OnLastSentAgain(0, false, kStart + 70ms);
  EXPECT_EQ(log.RetransmitDue(kEarly), kStart + 150ms);
}

TEST(SentLog, EvictsFromTheMiddle) {
  SentLog log(kStart);
  for (uint64_t i = 1; i < 32; ++i) log.Append({i}, 0, std::nullopt, kStart);
  EXPECT_FALSE(log.Excess());
  log.Append({32}, 0, std::nullopt, kStart);
  ASSERT_EQ(log.Excess(), 17u);  // the 16th from the end of 33
  log.Evict(*log.Excess());
  EXPECT_EQ(log.first().num, StateNum{0});
  EXPECT_EQ(log.last().num, StateNum{32});
  EXPECT_EQ(log.size(), 32u);
}

TEST(SentLog, LostLastIsDueAtOnce) {
  SentLog log(kStart);
  log.Append({1}, 0, std::nullopt, kStart);
  log.MarkLastLost();
  EXPECT_LT(log.RetransmitDue(kPatience), kStart);
  EXPECT_EQ(log.Assumed(kStart, 150ms), 0u);
}

}  // namespace
}  // namespace mosh::ssp
