// Cost of Terminal::Feed in ns/byte ("ns_per_byte") for the payloads that a server meets, at 80x24
// and in reads of 16 KiB, with and without a snapshot after every read or a history of the lines
// that scroll off, and of snapshots and comparisons.
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "term/terminal.h"

namespace mosh::term {
namespace {

constexpr size_t kPayload = 1 << 20;
constexpr size_t kRead = 16384;

template <class Append>
std::string Repeat(Append append) {
  std::string out;
  for (int i = 0; out.size() < kPayload; ++i) append(i, &out);
  return out;
}

std::string PlainLines() {
  return Repeat([](int i, std::string* out) {
    absl::StrAppend(out, i,
                    " The quick brown fox jumps over the lazy dog, and then some more.\r\n");
  });
}

std::string WideText() {
  return Repeat([](int i, std::string* out) {
    absl::StrAppend(out, i, " 端末エミュレータの速度を測るための文章です。漢字とかな交じり。\r\n");
  });
}

std::string ColoredLines() {
  return Repeat([](int i, std::string* out) {
    absl::StrAppend(out, "\x1b[1;3", i % 8, "mdrwxr-xr-x\x1b[0m \x1b[38;5;", i % 256, "mname", i,
                    "\x1b[0m \x1b[38;2;", i % 256, ";20;30mtext\x1b[m \x1b[4;41mend\x1b[0m\r\n");
  });
}

std::string CursorAddressed() {
  return Repeat([](int i, std::string* out) {
    absl::StrAppend(out, "\x1b[", i * 7 % 24 + 1, ";", i * 13 % 80 + 1, "Hcell", i % 10, "\x1b[K");
  });
}

std::string ScrollRegion() {
  return Repeat([](int i, std::string* out) {
    absl::StrAppend(out, "\x1b[2;22r\x1b[22;1H\nnew line ", i,
                    " in a region\x1b[r\x1b[24;1Hstatus ", i);
  });
}

std::string ShortLines() {
  return Repeat([](int i, std::string* out) { absl::StrAppend(out, i % 100, "\n"); });
}

enum class With { kNothing, kSnapshots, kHistory };

void FeedPayload(benchmark::State& state, const std::string& payload, With with) {
  Terminal terminal(Size{80, 24}, Dialect::kProgram);
  if (with == With::kHistory) terminal.KeepHistory({});
  for (auto _ : state) {
    for (size_t at = 0; at < payload.size(); at += kRead) {
      terminal.Feed(absl::string_view(payload).substr(at, kRead));
      if (with == With::kSnapshots) {
        Screen snapshot = terminal.Snapshot();
        benchmark::DoNotOptimize(snapshot);
      }
    }
  }
  const double bytes =
      static_cast<double>(state.iterations()) * static_cast<double>(payload.size());
  state.counters["ns_per_byte"] =
      benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

#define FEED_BENCHMARK(name)                                                                   \
  BENCHMARK_CAPTURE(FeedPayload, name, name(), With::kNothing)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(FeedPayload, name##WithSnapshots, name(), With::kSnapshots)                \
      ->Unit(benchmark::kMillisecond);                                                         \
  BENCHMARK_CAPTURE(FeedPayload, name##WithHistory, name(), With::kHistory)                    \
      ->Unit(benchmark::kMillisecond)

FEED_BENCHMARK(PlainLines);
FEED_BENCHMARK(WideText);
FEED_BENCHMARK(ColoredLines);
FEED_BENCHMARK(CursorAddressed);
FEED_BENCHMARK(ScrollRegion);
FEED_BENCHMARK(ShortLines);

void Snapshot(benchmark::State& state) {
  Terminal terminal(Size{80, static_cast<int>(state.range(0))}, Dialect::kProgram);
  terminal.Feed(PlainLines());
  for (auto _ : state) {
    Screen snapshot = terminal.Snapshot();
    benchmark::DoNotOptimize(snapshot);
  }
}
BENCHMARK(Snapshot)->Arg(24)->Arg(100);

void CompareEqualSnapshots(benchmark::State& state) {
  Terminal terminal(Size{80, 24}, Dialect::kProgram);
  terminal.Feed(PlainLines());
  const Screen snapshot = terminal.Snapshot();
  for (auto _ : state) benchmark::DoNotOptimize(snapshot == terminal.screen());
}
BENCHMARK(CompareEqualSnapshots);

void ApplySmallDiff(benchmark::State& state) {
  Terminal terminal(Size{80, 24}, Dialect::kProgram);
  terminal.Feed(PlainLines());
  const Screen reference = terminal.Snapshot();
  for (auto _ : state) {
    Terminal receiver(reference, Dialect::kFrameDiff);
    receiver.Feed("\x1b[?25l\x1b[5;10Hx\x1b[?25h");
    benchmark::DoNotOptimize(std::move(receiver).TakeScreen());
  }
}
BENCHMARK(ApplySmallDiff);

}  // namespace
}  // namespace mosh::term
