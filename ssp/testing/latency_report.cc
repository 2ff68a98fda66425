// Prints keystroke-to-screen delays and datagram counts of our transport and of a peer that times
// like stock, in all pairings, over the same simulated networks. A typist presses a key every
// 120-280 ms; each is echoed.
//
//   bazel run //ssp/testing:latency_report
#include <algorithm>
#include <cstdio>
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

struct Report {
  std::vector<double> delays_ms;
  double client_datagrams = 0, server_datagrams = 0;
  double first_screen_ms = 0;
};

template <class Client, class Server>
void Run(const PairOptions& options, int keys, Report& report) {
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
  const uint64_t up = pair.up.sent(), down = pair.down.sent();
  std::vector<Instant> typed;
  size_t shown = 5;
  for (int i = 0; i < keys; ++i) {
    const Instant next = pair.now + 120ms + std::chrono::milliseconds(random.Below(160));
    pair.Type("k");
    typed.push_back(pair.now);
    const auto note = [&] {
      for (; shown < pair.shown().size(); ++shown) {
        report.delays_ms.push_back(static_cast<double>((pair.now - typed[shown - 5]).count()) /
                                   1e6);
      }
      return false;
    };
    pair.RunUntil(next, note);
    if (i == keys - 1)
      pair.RunUntil(pair.now + 5s, [&] {
        note();
        return shown - 5 == typed.size();
      });
  }
  report.client_datagrams += static_cast<double>(pair.up.sent() - up) / keys;
  report.server_datagrams += static_cast<double>(pair.down.sent() - down) / keys;
}

template <class Client, class Server>
void Line(const char* name, PairOptions options, int runs) {
  Report report;
  for (int i = 0; i < runs; ++i) {
    options.seed = static_cast<uint64_t>(i) + 1;
    Run<Client, Server>(options, 200, report);
  }
  auto& d = report.delays_ms;
  std::sort(d.begin(), d.end());
  double sum = 0;
  for (const double x : d) sum += x;
  const auto at = [&](double q) {
    return d[static_cast<size_t>(q * static_cast<double>(d.size() - 1))];
  };
  std::printf(
      "  %-24s n %6zu mean %7.1f median %7.1f p95 %7.1f p99 %7.1f | per key: up %.2f down %.2f | "
      "screen %.0f\n",
      name, d.size(), sum / static_cast<double>(d.size()), at(0.5), at(0.95), at(0.99),
      report.client_datagrams / runs, report.server_datagrams / runs,
      report.first_screen_ms / runs);
}

void Network(const char* name, const PairOptions& options, int runs) {
  std::printf("%s\n", name);
  Line<StockClient, StockServer>("stock client x server", options, runs);
  Line<OurClient, OurServer>("our client x server", options, runs);
  Line<OurClient, StockServer>("our client, stock server", options, runs);
  Line<StockClient, OurServer>("stock client, our server", options, runs);
}

}  // namespace
}  // namespace mosh::ssp

int main() {
  using namespace std::chrono_literals;
  mosh::ssp::PairOptions options;
  const auto both = [&](std::chrono::nanoseconds latency, double loss,
                        std::chrono::nanoseconds jitter = 0ns) {
    options.up = options.down = {.latency = latency, .jitter = jitter, .loss = loss};
  };
  both(20us, 0);
  mosh::ssp::Network("loopback", options, 3);
  both(50ms, 0);
  mosh::ssp::Network("100 ms, clean", options, 3);
  both(50ms, 0.01);
  mosh::ssp::Network("100 ms, 1% loss each way", options, 10);
  both(50ms, 0.1);
  mosh::ssp::Network("100 ms, 10% loss each way", options, 20);
  both(50ms, 0.29);
  mosh::ssp::Network("100 ms, 29% loss each way", options, 40);
  both(250ms, 0.02, 100ms);
  mosh::ssp::Network("500-700 ms, 2% loss, jitter", options, 10);
  both(10ms, 0.05, 5ms);
  mosh::ssp::Network("20-30 ms, 5% loss, jitter", options, 20);
  return 0;
}
