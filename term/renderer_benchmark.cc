// Cost of RenderFrame at 80x24 and its output ("bytes") for typical changes, per target.
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "term/renderer.h"
#include "term/terminal.h"

namespace mosh::term {
namespace {

constexpr Size kSize{80, 24};

std::string FullScreen(int seed, bool colored) {
  std::string out = "\x1b[H";
  for (int row = 0; row < kSize.rows; ++row) {
    absl::StrAppend(&out, "\x1b[", row + 1, ";1H");
    for (int word = 0; word < 13; ++word) {
      if (colored) absl::StrAppend(&out, "\x1b[3", (row + word + seed) % 8, "m");
      absl::StrAppend(&out, (row * 7919 + word * 104729 + seed * 31) % 90000 + 10000, " ");
    }
  }
  return out + "\x1b[m";
}

struct Pair {
  Screen from;
  Screen to;
};

Pair MakePair(const std::string& before, const std::string& then) {
  Terminal terminal(kSize, Dialect::kProgram);
  terminal.Feed(before);
  const Screen from = terminal.Snapshot();
  terminal.Feed(then);
  return {from, terminal.Snapshot()};
}

void Render(benchmark::State& state, const Pair& pair) {
  const RenderOptions options = {.target = static_cast<RenderTarget>(state.range(0))};
  size_t bytes = 0;
  for (auto _ : state) {
    const std::string frame = RenderFrame(&pair.from, pair.to, options);
    benchmark::DoNotOptimize(frame.data());
    bytes = frame.size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

void Unchanged(benchmark::State& state) { Render(state, MakePair(FullScreen(1, false), "")); }
void OneKey(benchmark::State& state) {
  Render(state, MakePair(FullScreen(1, false), "\x1b[5;5Hx"));
}
void InsertedKey(benchmark::State& state) {
  Render(state, MakePair(FullScreen(1, false), "\x1b[5;5H\x1b[@x"));
}
void ScrolledLine(benchmark::State& state) {
  Render(state, MakePair(FullScreen(1, false), "\x1b[24;1H\r\nanother line of output"));
}
void RedrawnScroll(benchmark::State& state) {
  Render(state, MakePair("\x1b[H" + FullScreen(1, false), FullScreen(1, false) + "\x1b[24;1H\nx"));
}
void AllChanged(benchmark::State& state) {
  Render(state, MakePair(FullScreen(1, false), FullScreen(2, false)));
}
void AllChangedInColor(benchmark::State& state) {
  Render(state, MakePair(FullScreen(1, true), FullScreen(2, true)));
}
void DrawnFromBlank(benchmark::State& state) { Render(state, MakePair("", FullScreen(2, false))); }
void Cleared(benchmark::State& state) {
  Render(state, MakePair(FullScreen(1, false), "\x1b[H\x1b[2J$ "));
}

#define MOSH_FOR_TARGETS(name)                              \
  BENCHMARK(name)                                           \
      ->Arg(static_cast<int>(RenderTarget::kStockEmulator)) \
      ->Arg(static_cast<int>(RenderTarget::kRealTerminal))
MOSH_FOR_TARGETS(Unchanged);
MOSH_FOR_TARGETS(OneKey);
MOSH_FOR_TARGETS(InsertedKey);
MOSH_FOR_TARGETS(ScrolledLine);
MOSH_FOR_TARGETS(RedrawnScroll);
MOSH_FOR_TARGETS(AllChanged);
MOSH_FOR_TARGETS(AllChangedInColor);
MOSH_FOR_TARGETS(DrawnFromBlank);
MOSH_FOR_TARGETS(Cleared);

}  // namespace
}  // namespace mosh::term
