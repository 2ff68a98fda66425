// Keystroke to screen: a person types into a program that echoes; the time of each key from its
// write to the client's terminal until its cell shows it.
#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "bench/measure.h"
#include "bench/peer_session.h"
#include "bench/scenarios.h"

namespace mosh::bench {
namespace {

constexpr int kColumns = 80;
constexpr int kFirstRow = 1;  // below READY
constexpr int kGiveUpSeconds = 60;

struct Network {
  const char* name;
  const char* profile;  // "" = no relay
  double rtt;           // milliseconds
};

constexpr Network kNetworks[] = {
    {"loopback", "", 0},
    {"100 ms RTT, clean", "delay=50", 100},
    {"100 ms RTT, 29% loss each way", "delay=50,loss=0.29", 100},
    {"EV-DO-like", "ev-do", 500},
    {"Singapore", "singapore", 273},
};

struct Key {
  char letter;
  double due = 0, shown = 0;  // milliseconds
};

// Gaps of a fluent typist: 60 to 260 ms, 160 on average (7 keys a second), now and then a pause.
std::vector<Key> TypingTrace(int keys, double start, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Key> trace;
  double due = start;
  for (int i = 0; i < keys; ++i) {
    trace.push_back({.letter = static_cast<char>('a' + i % 26), .due = due});
    due += 60 + random() % 200;
    if (random() % 40 == 0) due += 1000;
  }
  return trace;
}

// Keys that have appeared by now get their time. Returns how many of the first `typed` are still
// missing.
int Look(const term::Screen& screen, std::vector<Key>& trace, size_t typed) {
  int missing = 0;
  for (size_t i = 0; i < typed; ++i) {
    if (trace[i].shown != 0) continue;
    const int row = kFirstRow + static_cast<int>(i) / kColumns;
    const int column = static_cast<int>(i) % kColumns;
    if (screen.cell(row, column).code_point() == static_cast<char32_t>(trace[i].letter)) {
      trace[i].shown = NowMillis();
    } else {
      ++missing;
    }
  }
  return missing;
}

Samples TypeAndMeasure(Peer peer, const Network& network, int keys, unsigned seed) {
  PeerSession session(peer, {.command = Workload({"echo"}), .net = network.profile});
  session.AwaitTopRow("READY");
  // Both ends need to have measured the path, and what start-up left behind must have gone.
  const e2e::Deadline settled = e2e::Deadline::In(std::chrono::seconds(4));
  while (!settled.passed()) session.terminal().Pump(settled);

  std::vector<Key> trace = TypingTrace(keys, NowMillis() + 100, seed);
  size_t typed = 0;
  const double give_up = trace.back().due + kGiveUpSeconds * 1000;
  for (int missing = 1; typed < trace.size() || missing > 0;) {
    const double now = NowMillis();
    if (now > give_up) break;
    if (typed < trace.size() && trace[typed].due <= now) {
      trace[typed].due = now;
      session.terminal().Type(std::string(1, trace[typed].letter));
      ++typed;
      session.terminal().Pump(e2e::Deadline::In(std::chrono::seconds(0)));
    }
    const double wait = (typed < trace.size() ? trace[typed].due : give_up) - NowMillis();
    session.terminal().Pump(
        e2e::Deadline::In(std::chrono::nanoseconds(static_cast<long>(std::max(wait, 0.0) * 1e6))));
    missing = Look(session.screen(), trace, typed);
  }
  Samples samples;
  for (const Key& key : trace)
    samples.Add(key.shown != 0 ? key.shown - key.due : kGiveUpSeconds * 1000);
  return samples;
}

}  // namespace

void MeasureLatency(const Effort& effort, Report& report) {
  report.Section("Keystroke to screen, prediction off");
  for (const Network& network : kNetworks) {
    Samples ours, stock;
    for (int round = 0; round < effort.rounds; ++round) {
      ours.AddAll(TypeAndMeasure(Peer::kOurs, network, effort.keys, static_cast<unsigned>(round)));
      stock.AddAll(
          TypeAndMeasure(Peer::kStock, network, effort.keys, static_cast<unsigned>(round)));
    }
    const std::string note = absl::StrCat(ours.size(), " keys each");
    const auto add = [&](const char* what, double a, double b) {
      report.Add(absl::StrCat(network.name, ": ", what), "ms", a, b, note);
    };
    add("median", ours.Median(), stock.Median());
    add("mean", ours.Mean(), stock.Mean());
    add("p95", ours.Percentile(95), stock.Percentile(95));
    add("p99", ours.Percentile(99), stock.Percentile(99));
    if (network.rtt > 0) {
      add("median beyond the RTT", ours.Median() - network.rtt, stock.Median() - network.rtt);
    }
  }
}

}  // namespace mosh::bench
