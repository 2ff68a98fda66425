// Prints keystroke-to-screen delays, and datagrams and octets a key, of our transport and of a peer
// that times like stock, in all pairings, over the same simulated networks. A typist presses a key
// every 60-260 ms and sometimes pauses for a second; each is echoed. At the end of a line: how long
// the first screen and, in the mean, the first five keys took.
//
//   bazel run //ssp/testing:latency_report [-- PART OF A NETWORK'S NAME]
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "ssp/testing/pair.h"
#include "ssp/testing/reference_peer.h"

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

using OurClient = Transport<ToyStream, ToyScreen>;
using OurServer = Transport<ToyScreen, ToyStream>;
using StockClient = ReferencePeer<ToyStream, ToyScreen>;
using StockServer = ReferencePeer<ToyScreen, ToyStream>;

constexpr int kKeys = 200;
constexpr size_t kFirstKeys = 5;

struct Direction {
  double datagrams = 0, octets = 0;  // per key
};

struct Report {
  std::vector<double> delays_ms;
  Direction up, down;
  double first_screen_ms = 0;
  double first_keys_ms = 0;  // mean of the first kFirstKeys of each run
};

template <class Client, class Server>
void Run(const PairOptions& options, Report& report) {
  BasicPair<Client, Server> pair(options);
  crypto::SeededRandom random(options.seed);
  const Instant start = pair.now;
  // The program's greeting comes in a few pieces, as a shell's does.
  pair.RunFor(5ms);
  pair.Type("r");
  for (int i = 0; i < 4; ++i) {
    pair.RunFor(10ms + options.up.latency * (i == 0));
    pair.Print(".");
  }
  pair.RunUntil(start + 30s, [&] { return pair.shown().size() >= 5; });
  report.first_screen_ms += static_cast<double>((pair.now - start).count()) / 1e6;
  pair.RunFor(3s);
  const Link up = pair.up, down = pair.down;
  std::vector<Instant> typed;
  size_t shown = 5;
  const auto note = [&] {
    for (; shown < pair.shown().size(); ++shown) {
      const size_t key = shown - 5;
      report.delays_ms.push_back(static_cast<double>((pair.now - typed[key]).count()) / 1e6);
      if (key < kFirstKeys) report.first_keys_ms += report.delays_ms.back() / kFirstKeys;
    }
    return false;
  };
  for (int i = 0; i < kKeys; ++i) {
    pair.Type("k");
    typed.push_back(pair.now);
    const auto pause = random.Below(40) == 0 ? 1000ms : 0ms;
    pair.RunUntil(pair.now + 60ms + std::chrono::milliseconds(random.Below(200)) + pause, note);
  }
  pair.RunUntil(pair.now + 30s, [&] {
    note();
    return shown - 5 == typed.size();
  });
  const auto add = [](const Link& before, const Link& after, Direction& direction) {
    direction.datagrams += static_cast<double>(after.sent() - before.sent()) / kKeys;
    direction.octets += static_cast<double>(after.octets() - before.octets()) / kKeys;
  };
  add(up, pair.up, report.up);
  add(down, pair.down, report.down);
}

template <class Client, class Server>
void Line(const char* name, PairOptions options, int runs) {
  Report report;
  for (int i = 0; i < runs; ++i) {
    options.seed = static_cast<uint64_t>(i) + 1;
    Run<Client, Server>(options, report);
  }
  auto& d = report.delays_ms;
  std::sort(d.begin(), d.end());
  double sum = 0;
  for (const double x : d) sum += x;
  const auto at = [&](double q) {
    return d[static_cast<size_t>(q * static_cast<double>(d.size() - 1))];
  };
  std::printf(
      "  %-24s n %6zu mean %7.1f median %7.1f p95 %7.1f p99 %7.1f | per key: up %.2f (%4.0f "
      "octets) "
      "down %.2f (%4.0f) | first screen %.0f, first keys %.1f\n",
      name, d.size(), sum / static_cast<double>(d.size()), at(0.5), at(0.95), at(0.99),
      report.up.datagrams / runs, report.up.octets / runs, report.down.datagrams / runs,
      report.down.octets / runs, report.first_screen_ms / runs, report.first_keys_ms / runs);
}

struct Network {
  const char* name;
  int runs;
  LinkConditions each_way;
};

const Network kNetworks[] = {
    {"loopback", 3, {.latency = 20us}},
    {"100 ms, clean", 10, {.latency = 50ms}},
    {"100 ms, clean but for 2 ms of jitter",
     10,
     {.latency = 50ms, .jitter = 2ms, .in_order = true}},
    {"273 ms, clean but for 4 ms of jitter",
     10,
     {.latency = 134ms, .jitter = 4ms, .in_order = true}},
    {"100 ms, 2% loss each way", 20, {.latency = 50ms, .loss = 0.02}},
    {"100 ms, 10% loss each way", 20, {.latency = 50ms, .loss = 0.1}},
    {"100 ms, 29% loss each way", 400, {.latency = 50ms, .loss = 0.29}},
    {"100 ms, bursts of 100 ms, 2% of the time",
     40,
     {.latency = 50ms, .burst_gap = 4900ms, .burst_length = 100ms}},
    {"20-30 ms, 5% loss, reordering", 20, {.latency = 10ms, .jitter = 5ms, .loss = 0.05}},
    {"EV-DO-like: 360-600 ms, 150 kbit/s",
     10,
     {.latency = 180ms, .jitter = 120ms, .in_order = true, .rate = 150'000 / 8, .queue = 96 << 10}},
    {"500-700 ms, reordering", 10, {.latency = 250ms, .jitter = 100ms}},
    {"500-700 ms, 2% loss, reordering", 10, {.latency = 250ms, .jitter = 100ms, .loss = 0.02}},
    {"5 s standing queue", 10, {.latency = 1700ms, .jitter = 1600ms, .in_order = true}},
    {"20 ms, 16 kbit/s, queue of 4 KiB",
     10,
     {.latency = 10ms, .rate = 16'000 / 8, .queue = 4 << 10}},
    {"20 ms, 1 Mbit/s, 5% loss", 10, {.latency = 10ms, .loss = 0.05, .rate = 1'000'000 / 8}},
};

void Measure(const Network& network) {
  static const auto codec = std::make_shared<Codec>();
  PairOptions options{.up = network.each_way, .down = network.each_way};
  options.client.codec = options.server.codec = codec;
  std::printf("%s\n", network.name);
  Line<StockClient, StockServer>("stock client x server", options, network.runs);
  Line<OurClient, OurServer>("our client x server", options, network.runs);
  Line<OurClient, StockServer>("our client, stock server", options, network.runs);
  Line<StockClient, OurServer>("stock client, our server", options, network.runs);
}

}  // namespace
}  // namespace mosh::ssp

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  for (const auto& network : mosh::ssp::kNetworks) {
    if (std::string(network.name).find(wanted) != std::string::npos) mosh::ssp::Measure(network);
  }
  return 0;
}
