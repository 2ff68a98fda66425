// Whole transports on bad networks, over many seeds: what must hold whatever the network does.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "ssp/testing/pair.h"
#include "ssp/testing/reference_peer.h"
#include "ssp/transport.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

using StockClient = ReferencePeer<ToyStream, ToyScreen>;
using StockServer = ReferencePeer<ToyScreen, ToyStream>;
using OurClient = Transport<ToyStream, ToyScreen>;
using OurServer = Transport<ToyScreen, ToyStream>;

// One codec for all simulations of this thread: a compressor is expensive to make.
TransportConfig Shared(TransportConfig config) {
  static const auto codec = std::make_shared<Codec>();
  config.codec = codec;
  return config;
}

PairOptions Options(uint64_t seed) {
  return {.seed = seed,
          .client = Shared(TransportConfig::Client()),
          .server = Shared(TransportConfig::Server())};
}

// A network whose every nuisance is drawn from the seed.
PairOptions Nasty(uint64_t seed) {
  PairOptions options = Options(seed);
  crypto::SeededRandom random(seed);
  const auto conditions = [&] {
    LinkConditions c;
    c.latency =
        std::chrono::microseconds(random.Below(2) ? random.Below(2000) : random.Below(400'000));
    c.jitter = std::chrono::microseconds(random.Below(3) ? 0 : random.Below(200'000));
    c.loss = static_cast<double>(random.Below(3) ? random.Below(15) : random.Below(60)) / 100;
    c.reorder = static_cast<double>(random.Below(20)) / 100;
    c.duplicate = static_cast<double>(random.Below(20)) / 100;
    c.damage = static_cast<double>(random.Below(10)) / 100;
    return c;
  };
  options.up = conditions();
  options.down = conditions();
  options.echo_acks = random.Below(2);
  return options;
}

// Types and prints at random for a while, then lets the network recover. What was typed in all.
template <class APair>
std::string LiveThrough(APair& pair, uint64_t seed) {
  crypto::SeededRandom random(seed ^ 0x5eed);
  std::string typed;
  for (int i = 0; i < 60; ++i) {
    switch (random.Below(8)) {
      case 0:
        pair.Print(std::string(random.Below(3000), static_cast<char>('A' + random.Below(26))));
        break;
      case 1:
        pair.RunFor(std::chrono::milliseconds(random.Below(4000)));
        break;
      case 2:
        pair.up.conditions().down = random.Below(3) == 0;
        pair.down.conditions().down = random.Below(3) == 0;
        break;
      default: {
        const std::string keys(1 + random.Below(3), static_cast<char>('a' + i % 26));
        typed += keys;
        pair.Type(keys);
      }
    }
    pair.RunFor(std::chrono::milliseconds(random.Below(300)));
  }
  pair.up.conditions() = pair.down.conditions() = {.latency = 20ms};
  return typed;
}

template <class APair>
void ExpectConvergence(APair& pair, const std::string& typed) {
  // Heartbeats every 3 s find out; a few may be needed to settle.
  const bool done = pair.RunUntil(pair.now + 15s, [&] {
    return pair.received.size() == typed.size() && pair.shown() == pair.output;
  });
  EXPECT_TRUE(done) << "received " << pair.received.size() << " of " << typed.size();
  EXPECT_EQ(pair.received, typed);  // nothing lost, doubled or reordered
}

TEST(Simulation, OursConverges) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Pair pair(Nasty(seed));
    ExpectConvergence(pair, LiveThrough(pair, seed));
  }
}

TEST(Simulation, OursConvergesWithStock) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    BasicPair<OurClient, StockServer> a(Nasty(seed));
    ExpectConvergence(a, LiveThrough(a, seed));
    BasicPair<StockClient, OurServer> b(Nasty(seed));
    ExpectConvergence(b, LiveThrough(b, seed));
  }
}

TEST(Simulation, SameSeedSameDatagrams) {
  const auto trace = [](uint64_t seed) {
    Pair pair(Nasty(seed));
    uint64_t hash = 0;
    pair.on_datagram = [&](bool, std::span<const uint8_t> bytes) {
      for (const uint8_t b : bytes) hash = (hash ^ b) * 1099511628211u + bytes.size();
    };
    LiveThrough(pair, seed);
    return hash;
  };
  EXPECT_EQ(trace(7), trace(7));
  EXPECT_NE(trace(7), trace(8));
}

TEST(Simulation, EveryWakeUpOfAnIdleSessionIsAHeartbeat) {
  Pair pair(Options(1));
  pair.Type("hello");
  pair.RunFor(10s);
  const uint64_t up = pair.up.sent(), down = pair.down.sent();
  const uint64_t wakeups = pair.client_wakeups + pair.server_wakeups;
  pair.RunFor(60s);
  EXPECT_EQ(pair.up.sent() - up, 20u);
  EXPECT_EQ(pair.down.sent() - down, 20u);
  EXPECT_EQ(pair.client_wakeups + pair.server_wakeups - wakeups, 40u);
}

TEST(Simulation, NearlyEveryWakeUpSends) {
  Pair pair(Options(2));
  pair.RunFor(2s);
  const uint64_t sent = pair.up.sent() + pair.down.sent();
  const uint64_t wakeups = pair.client_wakeups + pair.server_wakeups;
  for (int i = 0; i < 200; ++i) {
    pair.Type("k");
    pair.RunFor(150ms);
  }
  EXPECT_EQ(pair.client_wakeups + pair.server_wakeups - wakeups,
            pair.up.sent() + pair.down.sent() - sent);
}

// Datagrams up and down for a fluent typist.
template <class Client, class Server>
std::pair<uint64_t, uint64_t> SteadyTyping(std::chrono::nanoseconds latency, uint64_t seed) {
  PairOptions options = Options(seed);
  options.up.latency = options.down.latency = latency;
  BasicPair<Client, Server> pair(options);
  crypto::SeededRandom random(seed);
  const auto type = [&](int keys) {
    for (int i = 0; i < keys; ++i) {
      pair.Type("k");
      pair.RunFor(std::chrono::milliseconds(60 + random.Below(200)));
    }
  };
  pair.RunFor(5s);
  type(15);  // by then both ends know the path
  const uint64_t up = pair.up.sent(), down = pair.down.sent();
  type(100);
  return {pair.up.sent() - up, pair.down.sent() - down};
}

TEST(Simulation, SteadyTypingTakesNoMoreDatagramsThanStock) {
  for (const auto latency : {20us, 50'000us, 150'000us}) {
    uint64_t stock_up = 0, stock_down = 0, up = 0, down = 0, up_to_stock = 0, down_to_stock = 0;
    for (uint64_t seed = 1; seed <= 15; ++seed) {
      const auto stock = SteadyTyping<StockClient, StockServer>(latency, seed);
      const auto ours = SteadyTyping<OurClient, OurServer>(latency, seed);
      stock_up += stock.first;
      stock_down += stock.second;
      up += ours.first;
      down += ours.second;
      up_to_stock += SteadyTyping<OurClient, StockServer>(latency, seed).first;
      down_to_stock += SteadyTyping<StockClient, OurServer>(latency, seed).second;
    }
    // On a long path stock saves a few by holding keys and echoes back, a third of the round trip.
    const bool long_path = latency > 100ms;
    EXPECT_LE(up, stock_up * (long_path ? 100 : 90) / 100) << latency.count();
    EXPECT_LE(up_to_stock, stock_up * (long_path ? 108 : 102) / 100) << latency.count();
    EXPECT_LE(down, stock_down * (long_path ? 112 : 100) / 100) << latency.count();
    EXPECT_LE(down_to_stock, stock_down * (long_path ? 112 : 100) / 100) << latency.count();
  }
}

TEST(Simulation, EndlessOutputKeepsStocksRate) {
  for (const auto latency : {20us, 50'000us}) {
    PairOptions options = Options(1);
    options.up.latency = options.down.latency = latency;
    Pair pair(options);
    pair.Type("y");
    pair.RunFor(5s);
    uint64_t before = pair.server.stats().sent.instructions;
    const Instant start = pair.now;
    while (pair.now < start + 10s) {
      pair.output = std::to_string(pair.now.millis());
      pair.Print("");
      pair.RunFor(1ms);
    }
    const uint64_t allowed = static_cast<uint64_t>(10s / pair.server.send_interval()) + 4;
    EXPECT_LE(pair.server.stats().sent.instructions - before, allowed);
    EXPECT_GE(pair.server.stats().sent.instructions - before, allowed * 9 / 10);
  }
}

// Delay from a key press to its echo, in milliseconds, one per key.
template <class APair>
std::vector<double> Delays(APair& pair, int keys, uint64_t seed) {
  crypto::SeededRandom random(seed);
  pair.RunFor(4s);
  const size_t before = pair.shown().size();
  std::vector<Instant> typed;
  std::vector<double> delays;
  const auto note = [&] {
    while (delays.size() < pair.shown().size() - before) {
      delays.push_back(static_cast<double>((pair.now - typed[delays.size()]).count()) / 1e6);
    }
    return delays.size() == static_cast<size_t>(keys);
  };
  for (int i = 0; i < keys; ++i) {
    typed.push_back(pair.now);
    pair.Type("k");
    pair.RunUntil(pair.now + 120ms + std::chrono::milliseconds(random.Below(160)), [&] {
      note();
      return false;
    });
  }
  pair.RunUntil(pair.now + 10s, note);
  std::sort(delays.begin(), delays.end());
  return delays;
}

TEST(Simulation, EchoIsImmediateOnLoopback) {
  PairOptions options = Options(1);
  options.up.latency = options.down.latency = 20us;
  Pair pair(options);
  const auto delays = Delays(pair, 200, 1);
  EXPECT_LT(delays[100], 1);
  EXPECT_LT(delays[198], 3.6);  // a third of what stock takes
}

TEST(Simulation, CleanPathAddsNothingToItsRoundTrip) {
  Pair pair(Options(1));
  const auto delays = Delays(pair, 200, 1);
  EXPECT_LT(delays[100], 102);
  EXPECT_LT(delays[190] - delays[100], 10);
}

double Mean(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}

TEST(Simulation, LossesCostLittleTime) {
  std::vector<double> ours, stock, to_stock, from_stock;
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    PairOptions options = Options(seed);
    options.up.loss = options.down.loss = 0.29;
    const auto type = [seed](auto pair, std::vector<double>& delays) {
      for (int i = 0; i < 20; ++i) {  // by then both ends know the path
        pair.Type("k");
        pair.RunFor(150ms);
      }
      for (const double d : Delays(pair, 150, seed)) delays.push_back(d);
    };
    type(Pair(options), ours);
    type(BasicPair<StockClient, StockServer>(options), stock);
    type(BasicPair<OurClient, StockServer>(options), to_stock);
    type(BasicPair<StockClient, OurServer>(options), from_stock);
  }
  const auto p99 = [](std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return v[v.size() * 99 / 100];
  };
  EXPECT_LT(Mean(ours), 110);  // 100 is the round trip
  EXPECT_LT(p99(ours), p99(stock) * 0.4);
  // One direction helps already.
  EXPECT_LT(Mean(to_stock), Mean(stock) * 0.8);
  EXPECT_LT(p99(to_stock), p99(stock) * 0.8);
  EXPECT_LT(Mean(from_stock), Mean(stock) * 0.85);
  EXPECT_LT(p99(from_stock), p99(stock) * 0.9);
}

TEST(Simulation, NoCopiesOnAPathThatLosesNothing) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    PairOptions options = Options(seed);
    options.up.latency = options.down.latency = std::chrono::milliseconds(seed * 10);
    options.up.jitter = options.down.jitter = std::chrono::milliseconds(seed % 5 * 10);
    options.up.in_order = options.down.in_order = seed % 2 == 0;
    Pair pair(options);
    Delays(pair, 15, seed);
    // Before the path was known.
    const uint64_t up = pair.client.stats().redundant_copies;
    const uint64_t down = pair.server.stats().redundant_copies;
    EXPECT_LE(up, 12u);
    EXPECT_LE(down, 12u);
    Delays(pair, 150, seed);
    EXPECT_EQ(pair.client.stats().redundant_copies, up);
    EXPECT_EQ(pair.server.stats().redundant_copies, down);
  }
}

// Delays of the first screen and of the first five keys, over many sessions.
struct Beginning {
  std::vector<double> screens, keys;
};
template <class APair>
Beginning Beginnings(const PairOptions& base) {
  Beginning beginning;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    PairOptions options = base;
    options.seed = seed;
    APair pair(options);
    const Instant start = pair.now;
    pair.Type("r");
    EXPECT_TRUE(pair.RunUntil(start + 60s, [&] { return !pair.shown().empty(); }));
    beginning.screens.push_back(static_cast<double>((pair.now - start).count()) / 1e6);
    for (const double d : Delays(pair, 5, seed)) beginning.keys.push_back(d);
  }
  return beginning;
}

TEST(Simulation, FirstKeysDontPayForFindingOutAboutLosses) {
  PairOptions options = Options(1);
  options.up.loss = options.down.loss = 0.29;
  const Beginning ours = Beginnings<Pair>(options);
  const Beginning stock = Beginnings<BasicPair<StockClient, StockServer>>(options);
  EXPECT_LT(Mean(ours.keys), 108);  // 100 is the round trip
  EXPECT_LT(Mean(ours.keys), Mean(stock.keys) * 0.6);
  EXPECT_LT(Mean(ours.screens), 150);
  EXPECT_LT(Mean(ours.screens), Mean(stock.screens) * 0.5);
}

TEST(Simulation, CopiesAreForTheDirectionThatLoses) {
  PairOptions options = Options(1);
  options.down.loss = 0.2;
  Pair pair(options);
  Delays(pair, 300, 1);
  EXPECT_GT(pair.server.stats().redundant_copies, 400u);
  // At first the client can but guess that its own direction loses as well.
  EXPECT_LT(pair.client.stats().redundant_copies, 60u);
}

TEST(Simulation, CopiesEndSomeTimeAfterTheLosses) {
  PairOptions options = Options(1);
  options.up.loss = options.down.loss = 0.2;
  Pair pair(options);
  Delays(pair, 100, 1);
  EXPECT_GT(pair.client.stats().redundant_copies, 100u);
  pair.up.conditions().loss = pair.down.conditions().loss = 0;
  const auto type = [&](int keys) {
    for (int i = 0; i < keys; ++i) {
      pair.Type("k");
      pair.RunFor(150ms);
    }
  };
  type(300);
  const uint64_t copies =
      pair.client.stats().redundant_copies + pair.server.stats().redundant_copies;
  type(300);
  EXPECT_EQ(pair.client.stats().redundant_copies + pair.server.stats().redundant_copies, copies);
}

TEST(Simulation, CopiesStayWithinTheBudget) {
  PairOptions options = Options(1);
  options.up.loss = options.down.loss = 0.5;
  Pair pair(options);
  Delays(pair, 50, 1);
  const Instant start = pair.now;
  const uint64_t before = pair.client.stats().redundant_copies;
  for (int i = 0; i < 600; ++i) {  // a key that repeats itself
    pair.Type("k");
    pair.RunFor(33ms);
  }
  const uint64_t copies = pair.client.stats().redundant_copies - before;
  const double seconds = static_cast<double>((pair.now - start).count()) * 1e-9;
  EXPECT_LE(static_cast<double>(copies), (seconds + 1) * 40);
  EXPECT_GT(copies, 100u);
}

TEST(Simulation, LargeScreensAreNotCopied) {
  PairOptions options = Options(1);
  options.up.loss = options.down.loss = 0.2;
  Pair pair(options);
  Delays(pair, 100, 1);
  const uint64_t copies = pair.server.stats().redundant_copies;
  crypto::SeededRandom random(1);
  for (int i = 0; i < 30; ++i) {
    pair.output.clear();
    for (int j = 0; j < 5000; ++j) pair.output += static_cast<char>('0' + random.Below(70));
    pair.Print("");
    pair.RunFor(500ms);
  }
  EXPECT_EQ(pair.server.stats().redundant_copies, copies);
}

TEST(Simulation, QueueIsNotMadeLongerByCopies) {
  // 16 kbit/s and little room: losses are the queue's.
  const auto run = [](bool redundancy) {
    PairOptions options = Options(1);
    options.up.rate = options.down.rate = 2000;
    options.up.queue = options.down.queue = 800;
    options.client.redundancy = options.server.redundancy = redundancy;
    Pair pair(options);
    Delays(pair, 20, 1);
    crypto::SeededRandom random(1);
    for (int i = 0; i < 200; ++i) {
      // More than the line can carry.
      pair.output.clear();
      for (int j = 0; j < 300; ++j) pair.output += static_cast<char>('0' + random.Below(70));
      pair.Print("");
      pair.RunFor(50ms);
    }
    EXPECT_GT(pair.down.lost(), 0u);
    return pair.down.octets();
  };
  EXPECT_LE(run(true), run(false) * 101 / 100);
}

TEST(Simulation, FirstScreenDoesNotWaitForTheGuessedInterval) {
  PairOptions options = Options(1);
  options.up.latency = options.down.latency = 20us;
  Pair pair(options);
  pair.RunFor(2ms);
  for (int i = 0; i < 4; ++i) {
    pair.Print(".");
    pair.RunFor(10ms);
  }
  EXPECT_TRUE(pair.RunUntil(pair.now + 10ms, [&] { return pair.shown() == "...."; }));
}

TEST(Simulation, LostGreetingIsRepeatedSoon) {
  Pair pair(Options(1));
  pair.up.conditions().down = true;
  pair.Type("x");
  pair.RunFor(10ms);
  pair.up.conditions().down = false;
  EXPECT_TRUE(pair.RunUntil(pair.now + 600ms, [&] { return pair.shown() == "x"; }));
}

// How long after the end of an outage the client sees what it missed.
std::chrono::nanoseconds RepairTime(const PairOptions& options) {
  Pair pair(options);
  for (int i = 0; i < 40; ++i) {
    pair.Type("k");
    pair.RunFor(200ms);
  }
  pair.RunFor(1s);
  pair.down.conditions().down = true;
  pair.Type("x");
  pair.RunFor(180ms);
  pair.down.conditions().down = false;
  const Instant over = pair.now;
  pair.RunUntil(over + 10s, [&] { return pair.shown() == pair.output; });
  return pair.now - over;
}

TEST(Simulation, EchoLostWithItsAcknowledgementIsRepaired) {
  // The client repeats its key after 200 ms, and the server what it had answered.
  EXPECT_LE(RepairTime(Options(1)), 122ms);
}

TEST(Simulation, OldDatagramsReplayedChangeNothing) {
  Pair pair(Options(3));
  std::vector<std::vector<uint8_t>> recorded;
  pair.on_datagram = [&](bool to_client, std::span<const uint8_t> bytes) {
    if (!to_client) recorded.emplace_back(bytes.begin(), bytes.end());
  };
  for (int i = 0; i < 20; ++i) {
    pair.Type("k");
    pair.RunFor(200ms);
  }
  pair.on_datagram = nullptr;
  const std::string before = pair.received;
  const Instant deadline = pair.server.NextDeadline();
  for (auto& datagram : recorded) {
    const auto result = pair.server.OnDatagram(datagram, EcnMark::kCongestion, pair.now);
    EXPECT_TRUE(result.authentic);
    EXPECT_FALSE(result.newest);
    EXPECT_FALSE(result.new_remote_state);
  }
  EXPECT_EQ(pair.server.NextDeadline(), deadline);
  pair.Type("z");
  pair.RunFor(1s);
  EXPECT_EQ(pair.received, before + "z");
}

TEST(Simulation, DamagedDatagramsAreCountedAndDropped) {
  PairOptions options = Options(4);
  options.up.damage = 1;
  Pair pair(options);
  pair.Type("x");
  pair.RunFor(10s);
  EXPECT_EQ(pair.received, "");
  EXPECT_EQ(pair.server.stats().auth_failures, pair.up.sent());
  EXPECT_EQ(pair.server.stats().received.datagrams, 0u);
}

TEST(Simulation, SmallMtuIsFoundAndOvercome) {
  Pair pair(Options(5));
  pair.Type("x");
  pair.RunFor(1s);
  // The local network refuses what is larger; the transport is told.
  pair.down.conditions().mtu = 600;
  pair.on_datagram = [&](bool to_client, std::span<const uint8_t> bytes) {
    if (to_client && bytes.size() > 600) pair.server.OnDatagramTooBig(pair.now);
  };
  std::string text(6000, ' ');
  crypto::SeededRandom random(5);
  for (char& c : text) c = static_cast<char>('0' + random.Below(70));
  pair.Print(text);
  EXPECT_TRUE(pair.RunUntil(pair.now + 1s, [&] { return pair.shown() == pair.output; }));
}

TEST(Simulation, VanishedPeerCostsHeartbeatsOnly) {
  Pair pair(Options(6));
  pair.Type("x");
  pair.RunFor(5s);
  pair.up.conditions().down = pair.down.conditions().down = true;
  pair.Type("y");
  pair.RunFor(60s);
  const uint64_t up = pair.up.sent();
  size_t kept = 0;
  for (int i = 0; i < 60; ++i) {
    pair.Type("z");
    pair.RunFor(60s);
    kept = std::max(kept, pair.input.size() - pair.input.trimmed());
  }
  EXPECT_LE(pair.up.sent() - up, 60u * 22);
  EXPECT_LE(kept, 63u);
  // An hour later everything typed is still there.
  pair.up.conditions().down = pair.down.conditions().down = false;
  EXPECT_TRUE(pair.RunUntil(pair.now + 4s, [&] { return pair.shown().size() == 62; }));
}

// Runs until the initiator knows; true if it learnt of the other's consent.
template <class APair, class End>
bool ShutDown(APair& pair, End& initiator, std::chrono::nanoseconds limit) {
  initiator.StartShutdown(pair.now);
  pair.RunUntil(pair.now + limit, [&] {
    return initiator.shutdown_acknowledged() || initiator.ShutdownTimedOut(pair.now);
  });
  return initiator.shutdown_acknowledged();
}

TEST(Simulation, ShutdownFromEitherSide) {
  for (const bool from_client : {true, false}) {
    Pair pair(Options(7));
    pair.Type("x");
    pair.RunFor(2s);
    pair.Print("goodbye");
    const Instant start = pair.now;
    EXPECT_TRUE(from_client ? ShutDown(pair, pair.client, 11s) : ShutDown(pair, pair.server, 11s));
    EXPECT_LE(pair.now - start, 110ms);
    EXPECT_TRUE(from_client ? pair.server.shutdown_ack_sent() : pair.client.shutdown_ack_sent());
    if (!from_client) {
      EXPECT_EQ(pair.shown(), pair.output);
    }
  }
}

TEST(Simulation, ShutdownSurvivesLossWhileTheOtherSideLingers) {
  int clean = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    PairOptions options = Options(seed);
    options.up.loss = options.down.loss = 0.4;
    options.up.latency = options.down.latency = 1ms;
    Pair pair(options);
    pair.Type("x");
    pair.RunFor(5s);
    clean += ShutDown(pair, pair.server, 11s);
  }
  EXPECT_GE(clean, 59);  // 16 tries at 36 % each
}

TEST(Simulation, ShutdownWithStock) {
  for (const bool from_stock : {true, false}) {
    BasicPair<OurClient, StockServer> a(Options(8));
    a.Type("x");
    a.RunFor(2s);
    EXPECT_TRUE(from_stock ? ShutDown(a, a.server, 11s) : ShutDown(a, a.client, 11s));
    BasicPair<StockClient, OurServer> b(Options(8));
    b.Type("x");
    b.RunFor(2s);
    EXPECT_TRUE(from_stock ? ShutDown(b, b.client, 11s) : ShutDown(b, b.server, 11s));
  }
}

TEST(Simulation, ShutdownOfAVanishedPeerEnds) {
  Pair pair(Options(9));
  pair.Type("x");
  pair.RunFor(2s);
  pair.up.conditions().down = true;
  const Instant start = pair.now;
  EXPECT_FALSE(ShutDown(pair, pair.client, 20s));
  EXPECT_LE(pair.now - start, 4s);
  EXPECT_EQ(pair.client.NextDeadline(), Instant::Max());
}

TEST(Simulation, ShutdownWithoutAPeerEnds) {
  Pair pair(Options(10));
  pair.up.conditions().down = true;
  const Instant start = pair.now;
  EXPECT_FALSE(ShutDown(pair, pair.server, 20s));
  EXPECT_EQ(pair.now - start, 10s);
  EXPECT_EQ(pair.down.sent(), 0u);
  EXPECT_EQ(pair.server.NextDeadline(), Instant::Max());
}

TEST(Simulation, BothSidesAtOnce) {
  Pair pair(Options(11));
  pair.Type("x");
  pair.RunFor(2s);
  pair.client.StartShutdown(pair.now);
  pair.server.StartShutdown(pair.now);
  pair.RunFor(1s);
  EXPECT_TRUE(pair.client.shutdown_acknowledged());
  EXPECT_TRUE(pair.server.shutdown_acknowledged());
  EXPECT_EQ(pair.client.NextDeadline(), Instant::Max());
}

TEST(Simulation, MeasuresThePath) {
  PairOptions options = Options(12);
  options.up.loss = 0.2;
  options.client.redundancy = false;  // copies leave nothing to retransmit
  Pair pair(options);
  for (int i = 0; i < 200; ++i) {
    pair.Type("k");
    pair.RunFor(150ms);
  }
  EXPECT_NEAR(static_cast<double>(pair.client.srtt().count()) / 1e6, 100, 2);
  const Stats stats = pair.server.stats();
  EXPECT_NEAR(static_cast<double>(stats.lost_incoming) / static_cast<double>(pair.up.sent()), 0.2,
              0.06);
  EXPECT_EQ(pair.client.stats().lost_incoming, 0u);
  EXPECT_EQ(stats.sent.datagrams, pair.down.sent());
  EXPECT_GT(pair.client.stats().retransmissions, 0u);
}

}  // namespace
}  // namespace mosh::ssp
