#include "ssp/sender.h"

#include "gtest/gtest.h"
#include "ssp/testing/toy_states.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

constexpr Path kPath{.frame_interval = 50ms, .rto = 100ms, .srtt = 100ms, .measured = true};

struct Sent {
  uint64_t old_num, new_num, ack_num, throwaway_num;
  std::string diff;
};

template <class State>
class BasicRig {
 public:
  explicit BasicRig(TransportConfig config = TransportConfig::Client(), size_t max_diff = 1 << 20)
      : sender(config, max_diff, State(), Instant::FromMillis(1000)) {
    sender.OnPathUpdate({}, now, kPath);  // it loses nothing
  }

  void Type(absl::string_view text) {
    live.Append(text);
    sender.OnLocalChange(now, ChangeHint::kIsolated);
  }
  // What is sent now, if anything.
  std::optional<Sent> Poll() {
    if (now < sender.NextDeadline(kPath)) return std::nullopt;
    const auto out = sender.Poll(now, live, kPath);
    if (!out) return std::nullopt;
    return Sent{out->old_num.value, out->new_num.value, out->ack_num.value,
                out->throwaway_num.value, std::string(out->diff.data(), out->diff.size())};
  }
  Instant now = Instant::FromMillis(1000);
  State live;
  Sender<State> sender;
};
using Rig = BasicRig<ToyStream>;

TEST(Sender, NumbersStartAtOneAndAcksTakeNumbers) {
  Rig rig;
  rig.Type("a");
  const auto data = rig.Poll();
  ASSERT_TRUE(data);
  EXPECT_EQ(data->old_num, 0u);
  EXPECT_EQ(data->new_num, 1u);
  EXPECT_EQ(data->diff, "0:a");
  rig.sender.OnAck({1}, rig.now);
  rig.now += 3s;
  const auto ack = rig.Poll();
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->old_num, 1u);
  EXPECT_EQ(ack->new_num, 2u);
  EXPECT_EQ(ack->diff, "");
  EXPECT_EQ(ack->throwaway_num, 1u);
}

TEST(Sender, SmallUpdatesAreBuiltOnWhatIsAcknowledged) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.Type("b");
  const auto second = rig.Poll();
  EXPECT_EQ(second->old_num, 0u);
  EXPECT_EQ(second->diff, "0:ab");
}

TEST(Sender, LargeUpdatesAreBuiltOnWhatIsAssumed) {
  Rig rig;
  rig.Type(std::string(500, 'a'));
  rig.Poll();
  rig.Type("b");
  const auto second = rig.Poll();
  EXPECT_EQ(second->old_num, 1u);
  EXPECT_EQ(second->diff, "500:b");
}

TEST(Sender, RepeatsUnderTheSameNumber) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.sender.OnRemoteState({1}, false, rig.now, kPath);
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 200ms);
  rig.now += 200ms;
  const auto again = rig.Poll();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->old_num, 0u);
  EXPECT_EQ(again->new_num, 1u);
  EXPECT_EQ(again->diff, "0:a");
}

TEST(Sender, RepeatsSoonerAfterTwoLosses) {
  Rig rig;
  rig.sender.OnPathUpdate({.incoming_losses = 2}, rig.now, kPath);
  rig.Type("a");
  rig.Poll();
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 120ms);
  rig.sender.OnPathUpdate({.incoming_losses = 2}, rig.now + 10s, kPath);
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 200ms);
}

TEST(Sender, LeavesRepetitionToTheHeartbeatWhenThePeerIsSilent) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.now += 30s;
  rig.Poll();
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 3s);
  rig.now += 3s;
  EXPECT_EQ(rig.Poll()->diff, "0:a");
}

TEST(Sender, UnchangedObjectIsNotSent) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.sender.OnAck({1}, rig.now);
  rig.sender.OnLocalChange(rig.now, ChangeHint::kIsolated);
  EXPECT_FALSE(rig.Poll());
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 3s);
}

TEST(Sender, AcknowledgesDataWithin100Ms) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.sender.OnAck({1}, rig.now);
  rig.sender.OnRemoteState({1}, true, rig.now, kPath);  // the first is acknowledged at once
  EXPECT_EQ(rig.Poll()->ack_num, 1u);
  rig.now += 1s;
  rig.sender.OnRemoteState({2}, true, rig.now, kPath);
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 100ms);
  rig.sender.OnRemoteState({3}, false, rig.now, kPath);
  rig.now += 100ms;
  EXPECT_EQ(rig.Poll()->ack_num, 3u);
}

TEST(Sender, EmptyStatesAreNotAcknowledgedQuickly) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.sender.OnAck({1}, rig.now);
  rig.sender.OnRemoteState({1}, false, rig.now, kPath);
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 3s);
}

TEST(Sender, RepeatedDataMeansOurAcknowledgementWasLost) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.sender.OnAck({1}, rig.now);
  rig.sender.OnRemoteState({1}, true, rig.now, kPath);
  rig.Poll();
  rig.sender.OnRepeatedState({1}, true, rig.now + 20ms, kPath);  // crossed our answer
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 3s);
  rig.sender.OnRepeatedState({1}, true, rig.now + 300ms, kPath);
  EXPECT_LE(rig.sender.NextDeadline(kPath), rig.now + 300ms);
}

TEST(Sender, RepeatedDataBringsBackWhatWasSaidSince) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.sender.OnAck({1}, rig.now);
  rig.sender.OnRemoteState({1}, true, rig.now, kPath);
  rig.Type("b");
  EXPECT_EQ(rig.Poll()->new_num, 2u);
  rig.now += 110ms;
  rig.sender.OnRepeatedState({1}, true, rig.now, kPath);
  const auto again = rig.Poll();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->new_num, 2u);
  EXPECT_EQ(again->diff, "1:b");
}

TEST(Sender, CopiesTheNewestStateUntilItIsAcknowledged) {
  Rig rig;
  rig.sender.OnRemoteState({1}, false, rig.now, kPath);
  rig.sender.OnPathUpdate({.outgoing_loss_rate = 0.29}, rig.now, kPath);
  rig.Type("a");
  const auto first = rig.Poll();
  for (const auto offset : {1ms, 3ms}) {
    EXPECT_EQ(rig.sender.NextDeadline(kPath), Instant::FromMillis(1000) + offset);
    rig.now = Instant::FromMillis(1000) + offset;
    const auto copy = rig.Poll();
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->old_num, first->old_num);
    EXPECT_EQ(copy->new_num, first->new_num);
    EXPECT_EQ(copy->diff, first->diff);
    EXPECT_EQ(copy->ack_num, 1u);
  }
  rig.Type("b");  // carries "a" along, and starts anew
  EXPECT_EQ(rig.Poll()->diff, "0:ab");
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 1ms);
  rig.sender.OnAck({2}, rig.now);
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 3s);
  EXPECT_EQ(rig.sender.redundant_copies(), 2u);
  EXPECT_EQ(rig.sender.retransmissions(), 0u);
}

TEST(Sender, BackgroundChangeLeavesInPlaceOfACopy) {
  Rig rig;
  rig.sender.OnRemoteState({1}, false, rig.now, kPath);
  rig.sender.OnPathUpdate({.outgoing_loss_rate = 0.02}, rig.now, kPath);
  rig.Type("a");
  rig.Poll();
  rig.now += 45ms;
  rig.live.Append("+");
  rig.sender.OnLocalChange(rig.now, ChangeHint::kBackground);
  rig.now += 5ms;
  EXPECT_EQ(rig.Poll()->diff, "0:a+");
  EXPECT_GT(rig.sender.NextDeadline(kPath), rig.now + 50ms);  // no other copy
}

TEST(Sender, LateAcknowledgementsNeedAgreementAndNoLosses) {
  const auto ack_delay = [](Sender<ToyStream>::PathNews news) {
    Rig rig;
    rig.sender.OnRemoteState({1}, true, rig.now, kPath);
    rig.Poll();
    rig.now += 1s;
    rig.sender.OnPathUpdate(news, rig.now, kPath);
    rig.sender.OnRemoteState({2}, true, rig.now, kPath);
    return rig.sender.NextDeadline(kPath) - rig.now;
  };
  EXPECT_EQ(ack_delay({.late_acks = true}), 200ms);
  EXPECT_EQ(ack_delay({}), 100ms);
  EXPECT_EQ(ack_delay({.incoming_loss_rate = 0.01, .late_acks = true}), 100ms);
}

TEST(Sender, AllowsForLateAcknowledgementsWhereThePeerMakesThem) {
  const auto patience = [](Sender<ToyStream>::PathNews news) {
    Rig rig(TransportConfig::Server());
    rig.sender.OnRemoteState({1}, false, rig.now, kPath);
    rig.sender.OnPathUpdate(news, rig.now, kPath);
    rig.Type(std::string(Redundancy::kMaxDiff, 'x'));  // not copied
    rig.Poll();
    return rig.sender.NextDeadline(kPath) - rig.now;
  };
  EXPECT_EQ(patience({.outgoing_loss_rate = 0, .late_acks = true}), 300ms);
  EXPECT_EQ(patience({.outgoing_loss_rate = 0}), 200ms);
  EXPECT_EQ(patience({.outgoing_loss_rate = 0.3, .late_acks = true}), 200ms);
}

TEST(Sender, TrimsWhatThePeerHas) {
  Rig rig;
  rig.Type("abc");
  rig.Poll();
  rig.sender.OnAck({1}, rig.now);
  rig.Type("d");
  EXPECT_EQ(rig.Poll()->diff, "3:d");
  EXPECT_EQ(rig.live.trimmed(), 3u);
}

TEST(Sender, KeepsAtMost32States) {
  Rig rig;
  for (int i = 0; i < 500; ++i) {
    rig.Type("x");
    rig.now += 100ms;
    rig.Poll();
    ASSERT_LE(rig.sender.kept_states(), 32u);
  }
  EXPECT_EQ(rig.sender.acked_num(), StateNum{0});
}

TEST(Sender, ShutdownCarriesTheRestUnderTheLastNumber) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.Type("b");
  rig.sender.StartShutdown(rig.now);
  const auto last = rig.Poll();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->new_num, kShutdownNum.value);
  EXPECT_EQ(last->diff, "0:ab");
  rig.now += 50ms;
  const auto again = rig.Poll();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->old_num, 0u);
  EXPECT_EQ(again->diff, "0:ab");
  rig.sender.OnAck(kShutdownNum, rig.now);
  EXPECT_EQ(rig.sender.NextDeadline(kPath), Instant::Max());
}

TEST(Sender, GivesUpAskingForShutdown) {
  Rig rig;
  rig.sender.StartShutdown(rig.now);
  const Instant start = rig.now;
  int requests = 0;
  while (rig.sender.NextDeadline(kPath) != Instant::Max()) {
    rig.now = std::max(rig.now, rig.sender.NextDeadline(kPath));
    requests += rig.Poll().has_value();
  }
  EXPECT_LE(requests, 16);
  EXPECT_TRUE(rig.sender.ShutdownTimedOut(rig.now, kPath));
  EXPECT_LE(rig.now - start, 4s);
}

TEST(Sender, AnswersEveryShutdownRequestAndIsSilentOtherwise) {
  Rig rig;
  rig.Poll();
  rig.sender.OnRemoteState(kShutdownNum, false, rig.now, kPath);
  EXPECT_EQ(rig.Poll()->ack_num, kShutdownNum.value);
  EXPECT_TRUE(rig.sender.shutdown_ack_sent());
  EXPECT_EQ(rig.sender.NextDeadline(kPath), Instant::Max());
  rig.now += 200ms;
  rig.sender.OnRepeatedState(kShutdownNum, false, rig.now, kPath);
  EXPECT_EQ(rig.Poll()->ack_num, kShutdownNum.value);
  EXPECT_EQ(rig.sender.ShutdownSettlesAt(kPath), rig.now + 500ms);
}

TEST(Sender, RefusedDatagramIsDueAgain) {
  Rig rig;
  rig.Type("a");
  rig.Poll();
  rig.sender.OnLastSendFailed();
  EXPECT_LE(rig.sender.NextDeadline(kPath), rig.now);
  EXPECT_EQ(rig.Poll()->diff, "0:a");
}

TEST(Sender, UnsendableDiffDoesNotSpin) {
  Rig rig(TransportConfig::Client(), 1000);
  rig.Type(std::string(5000, 'x'));
  const auto hello = rig.Poll();
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->diff, "");
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 3s);
  EXPECT_EQ(rig.sender.unsendable_diffs(), 1u);
}

// A stream that can be sent in parts.
struct LimitableStream : ToyStream {
  LimitableStream Limited(const LimitableStream& base, size_t n) const {
    LimitableStream part = base;
    part.Append(Since(base.size()).substr(0, n));
    return part;
  }
};

TEST(Sender, LargeObjectGoesInPartsOneAcknowledgementEach) {
  BasicRig<LimitableStream> rig(TransportConfig::Client(), 2000);
  rig.Type(std::string(2500, 'x'));
  const auto first = rig.Poll();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->diff.size(), 1002u);
  rig.now += 100ms;
  EXPECT_FALSE(rig.Poll());
  rig.sender.OnAck({1}, rig.now);
  EXPECT_EQ(rig.Poll()->diff.substr(0, 6), "1000:x");
  rig.sender.OnAck({2}, rig.now);
  EXPECT_EQ(rig.Poll()->diff.size(), 505u);
  rig.sender.OnAck({3}, rig.now);
  EXPECT_FALSE(rig.Poll());
}

TEST(Sender, PartOfALargeObjectIsRepeatedWhileTheRestWaits) {
  BasicRig<LimitableStream> rig(TransportConfig::Client(), 2000);
  rig.Type(std::string(2500, 'x'));
  rig.Poll();
  rig.sender.OnRemoteState({1}, false, rig.now, kPath);
  EXPECT_EQ(rig.sender.NextDeadline(kPath), rig.now + 200ms);
  rig.now += 200ms;
  const auto again = rig.Poll();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->new_num, 1u);
  EXPECT_EQ(again->diff.size(), 1002u);
  EXPECT_GT(rig.sender.NextDeadline(kPath), rig.now);
}

TEST(Sender, ContentThatReturnsToWhatThePeerHasIsStillSaid) {
  Sender<ToyScreen> sender(TransportConfig::Client(), 1 << 20, ToyScreen(), Instant());
  Instant now;
  ToyScreen live;
  live.Set("changed");
  sender.OnLocalChange(now, ChangeHint::kIsolated);
  ASSERT_TRUE(sender.Poll(now, live, kPath));
  live.Set("");
  sender.OnLocalChange(now, ChangeHint::kIsolated);
  const auto back = sender.Poll(now, live, kPath);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->new_num, StateNum{2});
  EXPECT_EQ(back->old_num, StateNum{0});
  EXPECT_EQ(back->diff, "");
}

}  // namespace
}  // namespace mosh::ssp
