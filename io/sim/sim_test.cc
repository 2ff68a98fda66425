// The simulated world itself: determinism, links, roaming, terminals and programs.

#include <signal.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/sim/sim_link.h"
#include "io/sim/sim_network.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_stream.h"
#include "io/sim/sim_world.h"
#include "io/timer.h"

namespace mosh::io::sim {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

constexpr uint16_t kPort = 60001;

// Answers every datagram to where it came from, and remembers the senders.
Task<void> EchoServer(Reactor* reactor, std::vector<std::string>* senders, StopToken stop) {
  auto socket = reactor->BindUdp(SocketAddress::AnyV4(kPort), {});
  for (;;) {
    {
      const absl::StatusOr<Datagram> got = co_await (*socket)->Receive(stop);
      if (!got.ok()) break;
      senders->push_back(got->from().ToString());
      (*socket)->SendNow(got->bytes(), got->from()).IgnoreError();
    }
  }
  co_await (*socket)->Close();
}

struct Rtts {
  int sent = 0;
  std::vector<std::chrono::nanoseconds> times;
};

Task<void> CollectEchoes(Reactor* reactor, UdpSocket* socket, Rtts* rtts, StopToken stop) {
  for (;;) {
    const absl::StatusOr<Datagram> got = co_await socket->Receive(stop);
    if (!got.ok()) co_return;
    const std::string text(got->bytes().begin(), got->bytes().end());
    rtts->times.push_back(reactor->Now() - Instant::FromNanos(std::stoll(text)));
  }
}

// Sends its clock every 10 ms.
Task<void> Pinger(Reactor* reactor, SocketAddress server, Rtts* rtts, StopToken stop) {
  auto socket = reactor->BindUdp(SocketAddress::AnyV4(0), {});
  Scope scope(stop);
  scope.Spawn(CollectEchoes(reactor, socket->get(), rtts, scope.token()));
  while ((co_await reactor->Sleep(reactor->Now() + 10ms, stop)).ok()) {
    ++rtts->sent;
    const std::string text = std::to_string(reactor->Now().nanos());
    (*socket)->SendNow(Bytes(text), server).IgnoreError();
  }
  co_await scope.CancelAndJoin();
  co_await (*socket)->Close();
}

struct Experiment {
  std::vector<std::string> senders;
  Rtts rtts;
  SimWorld world;
  SimReactor& server;
  SimReactor& client;
  explicit Experiment(uint64_t seed)
      : world(seed),
        server(world.AddHost("server", "192.0.2.1")),
        client(world.AddHost("client", "198.51.100.7")) {}
  void Start() {
    world.Start(EchoServer(&server, &senders, world.stop()));
    world.Start(Pinger(&client, *SocketAddress::Parse("192.0.2.1", kPort), &rtts, world.stop()));
  }
};

TEST(SimWorld, APerfectLinkDelaysExactly) {
  Experiment e(1);
  e.world.network().Connect(e.client, e.server, PerfectLink(50ms));
  e.Start();
  e.world.RunFor(10s);
  EXPECT_EQ(e.rtts.sent, 1000);
  EXPECT_EQ(e.rtts.times.size(), 990);
  for (const auto rtt : e.rtts.times) ASSERT_EQ(rtt, 100ms);
  EXPECT_EQ(e.world.Now(), Instant() + 10s);
}

TEST(SimWorld, ALossyLinkLosesAndDoublesAboutWhatItSays) {
  Experiment e(2);
  e.world.network().ConnectOneWay(e.client, e.server, PerfectLink(5ms));
  e.world.network().ConnectOneWay(
      e.server, e.client,
      LossyLink({.delay = 5ms, .jitter = 20ms, .loss = 0.2, .duplication = 0.1}));
  e.Start();
  e.world.RunFor(100s);
  const double ratio = static_cast<double>(e.rtts.times.size()) / e.rtts.sent;
  EXPECT_NEAR(ratio, 0.8 * 1.1, 0.03);
}

uint64_t TraceOf(uint64_t seed) {
  Experiment e(seed);
  e.world.network().Connect(e.client, e.server,
                            LossyLink({.delay = 5ms, .jitter = 20ms, .loss = 0.3}));
  e.Start();
  e.world.RunFor(5s);
  e.client.Roam("198.51.100.99");
  e.world.RunFor(5s);
  return e.world.trace_hash();
}

TEST(SimWorld, TheSameSeedIsTheSameStory) {
  EXPECT_EQ(TraceOf(7), TraceOf(7));
  EXPECT_NE(TraceOf(7), TraceOf(8));
}

TEST(SimWorld, RoamingChangesTheSourceAndTheWayBack) {
  Experiment e(3);
  e.world.network().Connect(e.client, e.server, PerfectLink(20ms));
  e.Start();
  e.world.RunFor(1s);
  const size_t before = e.rtts.times.size();
  e.client.Roam("203.0.113.50", /*port_shift=*/1000);
  e.world.RunFor(1s);
  EXPECT_EQ(e.senders.front(), "198.51.100.7:32768");
  EXPECT_EQ(e.senders.back(), "203.0.113.50:33768");
  // What was under way to the old address when it went is lost, the rest arrives.
  EXPECT_EQ(e.rtts.times.size() - before, 96);
  EXPECT_GT(e.world.network().stats().nobody_there, 0);
}

TEST(SimWorld, APulledCableLosesSilentlyAndAMissingRouteTells) {
  Experiment e(4);
  e.world.network().Connect(e.client, e.server, PerfectLink(1ms));
  e.Start();
  e.world.RunFor(1005ms);  // between two pings
  const size_t heard = e.senders.size();
  e.client.set_cable_plugged(false);
  e.world.RunFor(1s);
  EXPECT_EQ(e.senders.size(), heard);
  e.client.set_cable_plugged(true);
  e.world.RunFor(1s);
  EXPECT_GT(e.senders.size(), heard);
  e.world.network().Disconnect(e.client, e.server);
  auto socket = e.client.BindUdp(SocketAddress::AnyV4(0), {});
  EXPECT_EQ((*socket)->SendNow({}, *SocketAddress::Parse("192.0.2.1", kPort)).code(),
            absl::StatusCode::kUnavailable);
  e.client.Run((*socket)->Close());
}

TEST(SimWorld, RunUntilIdleStopsWhenNothingIsLeftToHappen) {
  SimWorld world(1);
  SimReactor& host = world.AddHost("host", "192.0.2.1");
  EXPECT_TRUE(world.RunUntilIdle(Instant::Max()));
  Event wake;
  Timer timer(&host, &wake);
  timer.Arm(Instant() + 5s);
  EXPECT_FALSE(world.RunUntilIdle(Instant() + 1s));
  EXPECT_TRUE(world.RunUntilIdle(Instant::Max()));
  EXPECT_EQ(world.Now(), Instant() + 5s);
}

// --- Streams ---

// A client in miniature: what is typed goes out again in capitals.
Task<void> Shout(Tty* tty, StopToken stop) {
  std::array<uint8_t, 100> buffer;
  for (;;) {
    const absl::StatusOr<size_t> n = co_await tty->Read(buffer, stop);
    if (!n.ok() || *n == 0) break;
    for (size_t i = 0; i < *n; ++i) buffer[i] = static_cast<uint8_t>(toupper(buffer[i]));
    const absl::Status written = co_await tty->WriteAll(std::span(buffer).first(*n), stop);
    if (!written.ok()) break;
  }
  co_await tty->Close();
}

TEST(SimStream, AUserTypesAndReads) {
  SimWorld world(1);
  SimReactor& host = world.AddHost("client", "192.0.2.1");
  auto [provided, user] = MakeSimTty(&world, {.columns = 100, .rows = 30});
  host.ProvideTty(0, std::move(provided));
  auto tty = host.OpenTty(0);
  ASSERT_TRUE(tty.ok());
  EXPECT_FALSE(host.OpenTty(0).ok());
  EXPECT_EQ((*tty)->GetWindowSize()->columns, 100);
  world.Start(Shout(tty->get(), world.stop()));
  user->Feed("hello");
  world.RunFor(0s);
  EXPECT_EQ(user->TakeOutput(), "HELLO");
  user->Feed("bye");
  user->Hangup();
  world.RunFor(0s);
  EXPECT_TRUE(user->closed());
  EXPECT_EQ(world.programs_running(), 0);
}

TEST(SimStream, ASlowReaderHoldsTheWriterBack) {
  SimWorld world(1);
  auto [tty, user] = MakeSimTty(&world);
  user->set_output_capacity(10);
  user->Feed(std::string(25, 'x'));
  world.Start(Shout(tty.get(), world.stop()));
  world.RunFor(1s);
  EXPECT_EQ(user->TakeOutput().size(), 10);
  user->OutputTaken();
  world.RunFor(1s);
  EXPECT_EQ(user->TakeOutput().size(), 10);
  user->OutputTaken();
  world.RunFor(1s);
  EXPECT_EQ(user->TakeOutput().size(), 5);
  world.StopAll();
}

Task<void> WaitAndStore(Child* child, ExitStatus* out) {
  const absl::StatusOr<ExitStatus> status = co_await child->Wait({});
  if (status.ok()) *out = *status;
}

TEST(SimStream, AScriptedProgramInAPty) {
  SimWorld world(1);
  SimReactor& host = world.AddHost("server", "192.0.2.1");
  std::shared_ptr<SimPeer> program;
  host.set_pty_spawner([&](const PtySpec& spec) -> absl::StatusOr<PtyProcess> {
    SimPty pty = MakeSimPty(&world, spec.size);
    program = pty.program;
    return std::move(pty.process);
  });
  absl::StatusOr<PtyProcess> pty =
      host.SpawnPty({.child = {}, .size = {.columns = 90, .rows = 20}});
  ASSERT_TRUE(pty.ok());
  EXPECT_EQ(program->window_size().columns, 90);
  std::vector<int> widths;
  program->on_resize = [&](WindowSize size) { widths.push_back(size.columns); };
  EXPECT_TRUE(pty->master->SetWindowSize({.columns = 132, .rows = 20}).ok());
  EXPECT_TRUE(pty->master->SetWindowSize({.columns = 132, .rows = 20}).ok());
  EXPECT_EQ(widths, (std::vector<int>{132}));
  program->on_output = [&] { program->Feed("echo: " + program->TakeOutput()); };
  const absl::Status typed = [&] {
    absl::Status result;
    struct Writer {
      static Task<void> Write(Tty* tty, absl::Status* out) {
        static const std::string text = "ls\r";
        *out = co_await tty->WriteAll(Bytes(text), {});
      }
    };
    host.Run(Writer::Write(pty->master.get(), &result));
    return result;
  }();
  EXPECT_TRUE(typed.ok());
  EXPECT_EQ(program->unread(), 9);
  ExitStatus status;
  program->Exit({.signaled = false, .value = 3});
  host.Run(WaitAndStore(pty->child.get(), &status));
  EXPECT_EQ(status, (ExitStatus{false, 3}));
  EXPECT_EQ(pty->child->Kill(SIGTERM).code(), absl::StatusCode::kNotFound);
}

TEST(SimStream, ClosingTheMasterHangsUp) {
  SimWorld world(1);
  SimPty pty = MakeSimPty(&world, {});
  pty.process.master.reset();
  ExitStatus status;
  world.RunToCompletion(WaitAndStore(pty.process.child.get(), &status));
  EXPECT_EQ(status, (ExitStatus{true, SIGHUP}));
}

Task<void> LogSignals(SignalSource* source, std::vector<int>* log, StopToken stop) {
  for (;;) {
    const absl::StatusOr<int> signal = co_await source->Next(stop);
    if (!signal.ok()) co_return;
    log->push_back(*signal);
  }
}

TEST(SimReactor, SignalsReachWhoWatchesThem) {
  SimWorld world(1);
  SimReactor& host = world.AddHost("host", "192.0.2.1");
  host.RaiseSignal(SIGTERM);
  auto source = host.WatchSignals({SIGWINCH, SIGTERM});
  std::vector<int> log;
  world.Start(LogSignals(source->get(), &log, world.stop()));
  host.RaiseSignal(SIGWINCH);
  host.RaiseSignal(SIGWINCH);
  host.RaiseSignal(SIGHUP);
  world.RunFor(0s);
  host.RaiseSignal(SIGTERM);
  world.RunFor(0s);
  EXPECT_TRUE(world.StopAll());
  EXPECT_EQ(log, (std::vector<int>{SIGWINCH, SIGTERM}));
}

}  // namespace
}  // namespace mosh::io::sim
