#include "netem/link.h"

#include <bit>
#include <chrono>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosh::netem {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

using Bytes = std::vector<uint8_t>;

Instant At(int64_t millis) { return Instant::FromMillis(millis); }

// Everything that has come out by `now`.
std::vector<Bytes> Drain(Link& link, Instant now) {
  std::vector<Bytes> out;
  while (auto datagram = link.Pop(now)) out.push_back(*datagram);
  return out;
}

// Pushes `count` datagrams one millisecond apart, each holding its number in two octets, and
// returns what arrives.
std::vector<Bytes> Send(Link& link, int count) {
  std::vector<Bytes> out;
  for (int i = 0; i < count; ++i) {
    link.Push(Bytes{static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}, At(i));
    for (Bytes& b : Drain(link, At(i))) out.push_back(b);
  }
  for (Bytes& b : Drain(link, Instant::FromMillis(1'000'000'000))) out.push_back(b);
  return out;
}

int Number(const Bytes& b) { return b[0] << 8 | b[1]; }

TEST(Link, PerfectLinkDeliversAtOnceAndInOrder) {
  Link link({}, 1);
  link.Push(Bytes{1}, At(5));
  link.Push(Bytes{2}, At(5));
  EXPECT_EQ(link.NextDeadline(), At(5));
  EXPECT_THAT(Drain(link, At(5)), ElementsAre(Bytes{1}, Bytes{2}));
  EXPECT_EQ(link.NextDeadline(), Instant::Max());
}

TEST(Link, DelayHoldsUntilExactlyThen) {
  Link link({.delay = milliseconds(100)}, 1);
  link.Push(Bytes{1}, At(5));
  EXPECT_EQ(link.NextDeadline(), At(105));
  EXPECT_FALSE(link.Pop(Instant::FromNanos(At(105).nanos() - 1)));
  EXPECT_TRUE(link.Pop(At(105)));
}

TEST(Link, TagComesOutWithTheDatagram) {
  Link link({}, 1);
  link.Push(Bytes{1}, At(0), 77);
  EXPECT_EQ(link.PopTagged(At(0))->tag, 77u);
}

TEST(Link, JitterStaysWithinBoundsAndKeepsOrder) {
  Link link({.delay = milliseconds(50), .jitter = milliseconds(20)}, 1);
  Instant last;
  bool varied = false;
  for (int i = 0; i < 1000; ++i) {
    const Instant sent = At(i * 100);
    link.Push(Bytes{1}, sent);
    const Instant due = link.NextDeadline();
    EXPECT_GE(due - sent, milliseconds(30));
    EXPECT_LE(due - sent, milliseconds(70));
    varied |= due - sent > milliseconds(65);
    link.Pop(due);
    EXPECT_GE(due, last);
    last = due;
  }
  EXPECT_TRUE(varied);

  const std::vector<Bytes> dense = Send(link, 1000);
  EXPECT_TRUE(std::is_sorted(dense.begin(), dense.end()));
}

TEST(Link, LossDropsTheGivenShare) {
  Link link({.loss = 0.29}, 1);
  EXPECT_NEAR(Send(link, 20000).size(), 0.71 * 20000, 300);
  EXPECT_EQ(link.stats().lost + link.stats().delivered, 20000u);
}

TEST(Link, BurstsLoseInRunsOfTheGivenLength) {
  Link link({.burst_enter = 0.01, .burst_leave = 0.1}, 1);
  const std::vector<Bytes> arrived = Send(link, 60000);
  int runs = 0;
  for (size_t i = 1; i < arrived.size(); ++i) {
    runs += Number(arrived[i]) != Number(arrived[i - 1]) + 1;
  }
  const double mean_run = static_cast<double>(link.stats().lost) / runs;
  EXPECT_NEAR(mean_run, 10, 1.5);
  EXPECT_NEAR(link.stats().lost / 60000.0, 0.01 / 0.11, 0.02);
}

TEST(Link, ReorderLetsLaterOnesOvertake) {
  Link link({.reorder = 0.1, .reorder_delay = milliseconds(20)}, 1);
  const std::vector<Bytes> arrived = Send(link, 1000);
  EXPECT_EQ(arrived.size(), 1000u);
  EXPECT_FALSE(std::is_sorted(arrived.begin(), arrived.end()));
  EXPECT_NEAR(link.stats().reordered, 100, 40);
}

TEST(Link, DuplicateDeliversTwice) {
  Link link({.duplicate = 1}, 1);
  link.Push(Bytes{7}, At(0));
  EXPECT_THAT(Drain(link, At(0)), ElementsAre(Bytes{7}, Bytes{7}));
}

TEST(Link, CorruptFlipsOneToFourBits) {
  Link link({.corrupt = 1}, 1);
  const Bytes original(100, 0xa5);
  for (int i = 0; i < 1000; ++i) {
    link.Push(original, At(i));
    const Bytes got = *link.Pop(At(i));
    ASSERT_EQ(got.size(), original.size());
    int flipped = 0;
    for (size_t k = 0; k < got.size(); ++k) {
      flipped += std::popcount(static_cast<uint8_t>(got[k] ^ original[k]));
    }
    EXPECT_GE(flipped, 1);
    EXPECT_LE(flipped, 4);
  }
}

TEST(Link, CorruptLeavesEmptyDatagramsAlone) {
  Link link({.corrupt = 1}, 1);
  link.Push(Bytes{}, At(0));
  EXPECT_THAT(Drain(link, At(0)), ElementsAre(Bytes{}));
}

TEST(Link, ReplayBringsOldDatagramsBackWithTheirTag) {
  Link link({.replay = 1}, 1);
  link.Push(Bytes{1}, At(0), 10);
  EXPECT_THAT(Drain(link, At(0)), ElementsAre(Bytes{1}));
  link.Push(Bytes{2}, At(1), 20);
  const Link::Delivery replayed = *link.PopTagged(At(1));
  EXPECT_EQ(replayed.datagram, Bytes{1});
  EXPECT_EQ(replayed.tag, 10u);
  EXPECT_THAT(Drain(link, At(1)), ElementsAre(Bytes{2}));
}

TEST(Link, MarkFlagsTheDeliveryOnly) {
  Link link({.mark = 1}, 1);
  link.Push(Bytes{1}, At(0));
  const Link::Delivery delivery = *link.PopTagged(At(0));
  EXPECT_TRUE(delivery.marked);
  EXPECT_EQ(delivery.datagram, Bytes{1});
}

TEST(Link, RateSpacesDatagramsBySerialisationTime) {
  // 972 octets and 28 of headers at 80 kbit/s take 100 ms.
  Link link({.rate_bps = 80'000}, 1);
  for (int i = 0; i < 3; ++i) link.Push(Bytes(972), At(0));
  for (int64_t due : {100, 200, 300}) {
    EXPECT_EQ(link.NextDeadline(), At(due));
    EXPECT_TRUE(link.Pop(At(due)));
  }
}

TEST(Link, FullQueueDropsTheNewest) {
  Link link({.rate_bps = 80'000, .queue_bytes = 2000}, 1);
  for (int i = 0; i < 10; ++i) link.Push(Bytes(972), At(0));
  // Those that met 0, 1000 and 2000 octets waiting.
  EXPECT_EQ(Drain(link, At(100'000)).size(), 3u);
  EXPECT_EQ(link.stats().queue_full, 7u);
  link.Push(Bytes(972), At(100'000));
  EXPECT_EQ(link.held(), 1u);
}

TEST(Link, OthersKeepTheQueueFilled) {
  // 40 kB at 80 kbit/s are 4 s: 2.8 s of others' traffic at first, 3.4 s half a period later.
  Link link({.rate_bps = 80'000, .queue_bytes = 40'000, .fill = 1}, 1);
  link.Push(Bytes(972), At(0));
  EXPECT_EQ(link.NextDeadline(), At(2900));
  EXPECT_TRUE(link.Pop(At(2900)));
  link.Push(Bytes(972), At(6000));
  EXPECT_EQ(link.NextDeadline(), At(6000 + 3400 + 100));
}

TEST(Link, OthersTrafficThatFallsBackLetsNothingOvertake) {
  Link link({.rate_bps = 80'000, .queue_bytes = 40'000, .fill = 1}, 1);
  for (int64_t at = 11'900; at < 12'500; at += 100) {
    link.Push(Bytes{static_cast<uint8_t>(at / 100)}, At(at));
  }
  uint8_t last = 0;
  for (const Bytes& datagram : Drain(link, At(100'000))) {
    EXPECT_GT(datagram[0], last);
    last = datagram[0];
  }
  EXPECT_EQ(last, 124);
}

TEST(Link, MtuCountsHeadersAndDropsSilently) {
  Link link({.mtu = 1280}, 1);
  link.Push(Bytes(1252), At(0));
  link.Push(Bytes(1253), At(0));
  EXPECT_EQ(Drain(link, At(0)).size(), 1u);
  EXPECT_EQ(link.stats().too_big, 1u);
}

TEST(Link, BlackoutDropsWhatEntersAndSparesWhatIsUnderWay) {
  Link link({.delay = milliseconds(100), .blackouts = {{seconds(1), seconds(20)}}}, 1);
  link.Push(Bytes{1}, At(999));
  link.Push(Bytes{2}, At(1000));
  link.Push(Bytes{3}, At(20'999));
  link.Push(Bytes{4}, At(21'000));
  EXPECT_THAT(Drain(link, At(30'000)), ElementsAre(Bytes{1}, Bytes{4}));
  EXPECT_EQ(link.stats().blacked_out, 2u);
}

TEST(Link, BlackoutRepeatsWithItsPeriod) {
  Link link({.blackouts = {{seconds(1), seconds(2), seconds(10)}}}, 1);
  for (int second = 0; second < 20; ++second) {
    link.Push(Bytes{static_cast<uint8_t>(second)}, At(second * 1000));
  }
  EXPECT_EQ(link.stats().blacked_out, 4u);  // 1, 2, 11, 12
}

TEST(Link, SameSeedSameFate) {
  const LinkConditions bad = {.delay = milliseconds(50),
                              .jitter = milliseconds(30),
                              .loss = 0.2,
                              .burst_enter = 0.02,
                              .burst_leave = 0.2,
                              .reorder = 0.1,
                              .duplicate = 0.1,
                              .corrupt = 0.1,
                              .replay = 0.1,
                              .rate_bps = 100'000};
  Link a(bad, 42), b(bad, 42), c(bad, 43);
  const std::vector<Bytes> fate = Send(a, 2000);
  EXPECT_EQ(fate, Send(b, 2000));
  EXPECT_NE(fate, Send(c, 2000));
}

TEST(Link, HoldsNoMoreThanItsBound) {
  Link link({.delay = seconds(3600)}, 1);
  for (size_t i = 0; i < Link::kMaxHeld + 10; ++i) link.Push(Bytes{1}, At(0));
  EXPECT_EQ(link.held(), Link::kMaxHeld);
  EXPECT_EQ(link.stats().queue_full, 10u);
}

TEST(Link, NewConditionsHoldForWhatComesLater) {
  Link link({.delay = seconds(5)}, 1);
  link.Push(Bytes{1}, At(0));
  link.SetConditions({});
  link.Push(Bytes{2}, At(1));
  EXPECT_THAT(Drain(link, At(1)), ElementsAre(Bytes{2}));
  EXPECT_THAT(Drain(link, At(5000)), ElementsAre(Bytes{1}));
}

}  // namespace
}  // namespace mosh::netem
