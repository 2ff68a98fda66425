// What every reactor promises: clock, timers, cancellation, datagrams. Each scenario runs on all
// three backends.

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/test_reactor.h"
#include "io/timer.h"

namespace mosh::io {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class ReactorParityTest : public ReactorTest {};
INSTANTIATE_TEST_SUITE_P(Backends, ReactorParityTest, AllBackends(), BackendName);

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
std::string Text(const Datagram& d) {
  return std::string(reinterpret_cast<const char*>(d.bytes().data()), d.bytes().size());
}

// --- Time ---

Task<void> SleepAndLog(Reactor* reactor, std::chrono::nanoseconds time, StopToken stop, int id,
                       std::vector<int>* log) {
  const absl::Status status = co_await reactor->Sleep(reactor->Now() + time, stop);
  log->push_back(status.ok() ? id : -id);
}

Task<void> SleepersScenario(Reactor* reactor, std::vector<int>* log) {
  Scope scope;
  scope.Spawn(SleepAndLog(reactor, 20ms, {}, 3, log));
  scope.Spawn(SleepAndLog(reactor, 1ms, {}, 1, log));
  scope.Spawn(SleepAndLog(reactor, 10ms, {}, 2, log));
  scope.Spawn(SleepAndLog(reactor, -5ms, {}, 9, log));
  co_await scope.Join();
}

TEST_P(ReactorParityTest, SleepersWakeInOrder) {
  std::vector<int> log;
  const Instant start = reactor()->Now();
  Run(SleepersScenario(reactor(), &log));
  EXPECT_EQ(log, (std::vector<int>{9, 1, 2, 3}));
  EXPECT_GE(reactor()->Now() - start, 20ms);
}

Task<void> CancelSleepScenario(Reactor* reactor, std::vector<int>* log) {
  Scope scope;
  scope.Spawn(SleepAndLog(reactor, 3600s, scope.token(), 1, log));
  scope.Spawn(SleepAndLog(reactor, 3600s, scope.token(), 2, log));
  (co_await reactor->Sleep(reactor->Now() + 1ms, {})).IgnoreError();
  co_await scope.CancelAndJoin();
}

TEST_P(ReactorParityTest, StopEndsASleepAtOnce) {
  std::vector<int> log;
  const Instant start = reactor()->Now();
  Run(CancelSleepScenario(reactor(), &log));
  EXPECT_EQ(log, (std::vector<int>{-1, -2}));
  EXPECT_LT(reactor()->Now() - start, 3000s);
}

Task<void> TimerScenario(Reactor* reactor, std::chrono::nanoseconds* elapsed) {
  Event wake;
  Timer timer(reactor, &wake);
  const Instant start = reactor->Now();
  timer.Arm(start + 3600s);
  for (int i = 0; i < 1000; ++i) timer.Arm(start + std::chrono::milliseconds(1000 - i));
  timer.Arm(start + 5ms);
  (co_await wake.Wait()).IgnoreError();
  *elapsed = reactor->Now() - start;
}

TEST_P(ReactorParityTest, ATimerFiresAtItsLastDeadline) {
  std::chrono::nanoseconds elapsed{0};
  Run(TimerScenario(reactor(), &elapsed));
  EXPECT_GE(elapsed, 5ms);
  EXPECT_LT(elapsed, 900ms);
}

Task<void> DeadlineScenario(Reactor* reactor, UdpSocket* socket, bool* expired) {
  Deadline limit(reactor, reactor->Now() + 2ms, {});
  const absl::StatusOr<Datagram> none = co_await socket->Receive(limit.token());
  *expired = limit.expired() && none.status().code() == absl::StatusCode::kCancelled;
  co_await socket->Close();
}

TEST_P(ReactorParityTest, ADeadlineEndsAReceive) {
  bool expired = false;
  auto socket = reactor()->BindUdp(SocketAddress::LoopbackV4(0), {});
  ASSERT_TRUE(socket.ok());
  Run(DeadlineScenario(reactor(), socket->get(), &expired));
  EXPECT_TRUE(expired);
}

// --- Datagrams ---

struct Pair {
  std::unique_ptr<UdpSocket> a;
  std::unique_ptr<UdpSocket> b;
  explicit Pair(Reactor* reactor, const UdpOptions& options = {})
      : a(*reactor->BindUdp(SocketAddress::LoopbackV4(0), options)),
        b(*reactor->BindUdp(SocketAddress::LoopbackV4(0), options)) {}
  SocketAddress address_of_b() const { return b->local_address(); }
};

Task<void> CloseBoth(Pair* pair) {
  co_await pair->a->Close();
  co_await pair->b->Close();
}

Task<void> PingScenario(Pair* pair) {
  const absl::Status sent = pair->a->SendNow(Bytes("ping"), pair->address_of_b());
  EXPECT_TRUE(sent.ok()) << sent.message();
  {
    absl::StatusOr<Datagram> got = co_await pair->b->Receive({});
    CO_ASSERT_TRUE(got.ok());
    EXPECT_EQ(Text(*got), "ping");
    EXPECT_EQ(got->from(), pair->a->local_address());
    EXPECT_EQ(got->ecn(), EcnMark::kEct0);
    EXPECT_EQ(got->to().port(), pair->b->local_address().port());
    EXPECT_FALSE(got->arrived_at().has_value());
    got->bytes()[0] = 'x';
    EXPECT_EQ(Text(*got), "xing");
    EXPECT_TRUE(pair->b->SendNow(got->bytes(), got->from()).ok());
  }
  {
    absl::StatusOr<Datagram> got = co_await pair->a->Receive({});
    CO_ASSERT_TRUE(got.ok());
    EXPECT_EQ(Text(*got), "xing");
  }
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, ADatagramCarriesBytesAddressesAndMark) {
  Pair pair(reactor());
  Run(PingScenario(&pair));
}

Task<void> BurstScenario(Pair* pair, int count, bool keep_leases) {
  std::vector<std::string> texts;
  std::vector<OutgoingDatagram> batch;
  for (int i = 0; i < count; ++i) texts.push_back("datagram " + std::to_string(i));
  for (const std::string& text : texts) {
    batch.push_back({.bytes = Bytes(text), .to = pair->address_of_b(), .from = {}});
  }
  const BatchResult sent = pair->a->SendBatch(batch);
  EXPECT_EQ(sent.sent, static_cast<size_t>(count));
  EXPECT_TRUE(sent.status.ok());
  std::vector<Datagram> leases;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<Datagram> got = co_await pair->b->Receive({});
    CO_ASSERT_TRUE(got.ok());
    EXPECT_EQ(Text(*got), texts[i]);
    if (keep_leases) leases.push_back(*std::move(got));
    if (leases.size() == 8) leases.clear();
  }
  leases.clear();
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, ABurstLargerThanTheBuffersArrivesInOrder) {
  Pair pair(reactor());
  Run(BurstScenario(&pair, 100, /*keep_leases=*/false));
}

TEST_P(ReactorParityTest, HeldLeasesDelayButDoNotLose) {
  Pair pair(reactor());
  Run(BurstScenario(&pair, 100, /*keep_leases=*/true));
}

Task<void> OddSizesScenario(Pair* pair) {
  const std::string longest(kMaxDatagramSize, 'm');
  const std::string too_long(kMaxDatagramSize + 1, 'x');
  const SocketAddress to = pair->address_of_b();
  EXPECT_TRUE(pair->a->SendNow({}, to).ok());
  EXPECT_TRUE(pair->a->SendNow(Bytes(too_long), to).ok());
  EXPECT_TRUE(pair->a->SendNow(Bytes(longest), to).ok());
  {
    absl::StatusOr<Datagram> empty = co_await pair->b->Receive({});
    CO_ASSERT_TRUE(empty.ok());
    EXPECT_TRUE(empty->bytes().empty());
  }
  {
    absl::StatusOr<Datagram> big = co_await pair->b->Receive({});
    CO_ASSERT_TRUE(big.ok());
    EXPECT_EQ(Text(*big), longest);
  }
  EXPECT_EQ(pair->b->oversized_dropped(), 1);
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, EmptyLongestAndTooLongDatagrams) {
  Pair pair(reactor());
  Run(OddSizesScenario(&pair));
}

Task<void> SendErrorsScenario(Pair* pair) {
  const std::string huge(65508, 'x');
  EXPECT_EQ(pair->a->SendNow(Bytes(huge), pair->address_of_b()).code(),
            absl::StatusCode::kOutOfRange);
  // The error breaks nothing.
  EXPECT_TRUE(pair->a->SendNow(Bytes("after"), pair->address_of_b()).ok());
  {
    absl::StatusOr<Datagram> got = co_await pair->b->Receive({});
    CO_ASSERT_TRUE(got.ok());
    EXPECT_EQ(Text(*got), "after");
  }
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, ATooBigDatagramIsToldApart) {
  Pair pair(reactor());
  Run(SendErrorsScenario(&pair));
}

Task<void> ReceiveAndLog(UdpSocket* socket, StopToken stop, std::vector<std::string>* log) {
  for (;;) {
    const absl::StatusOr<Datagram> got = co_await socket->Receive(stop);
    if (!got.ok()) {
      log->push_back("stopped");
      co_return;
    }
    log->push_back(Text(*got));
  }
}

Task<void> CancelReceiveScenario(Pair* pair, std::vector<std::string>* log) {
  for (int round = 0; round < 50; ++round) {
    Scope scope;
    scope.Spawn(ReceiveAndLog(pair->b.get(), scope.token(), log));
    // Rounds differ in how far the receive and the datagram have come when the stop arrives.
    if (round % 2 == 0) co_await Yield();
    const std::string text = std::to_string(round);
    EXPECT_TRUE(pair->a->SendNow(Bytes(text), pair->address_of_b()).ok());
    if (round % 3 == 0) co_await Yield();
    co_await scope.CancelAndJoin();
  }
  Scope scope;
  scope.Spawn(ReceiveAndLog(pair->b.get(), scope.token(), log));
  EXPECT_TRUE(pair->a->SendNow(Bytes("last"), pair->address_of_b()).ok());
  while (log->back() != "last") co_await Yield();
  co_await scope.CancelAndJoin();
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, CancellingAReceiveLosesNoDatagram) {
  Pair pair(reactor());
  std::vector<std::string> log;
  Run(CancelReceiveScenario(&pair, &log));
  std::erase(log, "stopped");
  ASSERT_EQ(log.size(), 51);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(log[i], std::to_string(i));
}

Task<void> CloseWithTrafficScenario(Pair* pair) {
  for (int i = 0; i < 40; ++i) pair->a->SendNow(Bytes("x"), pair->address_of_b()).IgnoreError();
  {
    (co_await pair->b->Receive({})).IgnoreError();
  }
  for (int i = 0; i < 40; ++i) pair->a->SendNow(Bytes("y"), pair->address_of_b()).IgnoreError();
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, CloseWhileDatagramsKeepComing) {
  for (int i = 0; i < 10; ++i) {
    Pair pair(reactor());
    Run(CloseWithTrafficScenario(&pair));
  }
}

Task<void> CloseOne(UdpSocket* socket) { co_await socket->Close(); }

TEST_P(ReactorParityTest, ATakenPortIsToldApart) {
  auto first = reactor()->BindUdp(SocketAddress::LoopbackV4(0), {});
  ASSERT_TRUE(first.ok());
  const auto second = reactor()->BindUdp((*first)->local_address(), {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  const auto elsewhere = reactor()->BindUdp(*SocketAddress::Parse("203.0.113.99", 0), {});
  EXPECT_EQ(elsewhere.status().code(), absl::StatusCode::kNotFound);
  Run(CloseOne(first->get()));
}

Task<void> TimestampScenario(Reactor* reactor, Pair* pair) {
  const Instant before = reactor->Now();
  EXPECT_TRUE(pair->a->SendNow(Bytes("x"), pair->address_of_b()).ok());
  {
    const absl::StatusOr<Datagram> got = co_await pair->b->Receive({});
    CO_ASSERT_TRUE(got.ok());
    CO_ASSERT_TRUE(got->arrived_at().has_value());
    EXPECT_GE(*got->arrived_at() + 5ms, before);
    EXPECT_LE(*got->arrived_at(), reactor->Now() + 1s);
  }
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, KernelTimestampsAreOnTheReactorsClock) {
  Pair pair(reactor(), {.kernel_timestamps = true});
  Run(TimestampScenario(reactor(), &pair));
}

// --- The idiom of a driver: children feed a core and set one event; one timer ---

struct Core {
  std::vector<std::string> heard;
  Instant deadline = Instant::Max();
  int timeouts = 0;
};

Task<void> Feed(UdpSocket* socket, Core* core, Event* wake, StopToken stop) {
  for (;;) {
    const absl::StatusOr<Datagram> got = co_await socket->Receive(stop);
    if (!got.ok()) co_return;
    core->heard.push_back(Text(*got));
    wake->Set();
  }
}

Task<void> DriverScenario(Reactor* reactor, Pair* pair, Core* core) {
  Event wake;
  Timer timer(reactor, &wake);
  Scope scope;
  scope.Spawn(Feed(pair->b.get(), core, &wake, scope.token()));
  core->deadline = reactor->Now() + 2ms;
  while (core->timeouts < 3) {
    timer.Arm(core->deadline);
    (co_await wake.Wait()).IgnoreError();
    wake.Reset();
    if (reactor->Now() < core->deadline) continue;
    ++core->timeouts;
    pair->a->SendNow(Bytes("tick"), pair->address_of_b()).IgnoreError();
    core->deadline = reactor->Now() + 2ms;
  }
  while (core->heard.size() < 3) {
    (co_await wake.Wait()).IgnoreError();
    wake.Reset();
  }
  co_await scope.CancelAndJoin();
  co_await CloseBoth(pair);
}

TEST_P(ReactorParityTest, ADriverWaitsForDatagramsAndItsDeadlineAtOnce) {
  Pair pair(reactor());
  Core core;
  Run(DriverScenario(reactor(), &pair, &core));
  EXPECT_EQ(core.heard, (std::vector<std::string>{"tick", "tick", "tick"}));
}

}  // namespace
}  // namespace mosh::io
