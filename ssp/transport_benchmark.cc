// One state sent and received, sealed and opened: a key press (about 80 octets on the wire) and a
// screenful. Counts the memory allocations a round makes, toy states and their diffs included.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>
#include <vector>

#include "crypto/testing/seeded_random.h"
#include "ssp/testing/toy_states.h"
#include "ssp/transport.h"

namespace {
uint64_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  std::abort();
}
// g++ does not see that malloc is what the operator above uses.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace mosh::ssp {
namespace {

using namespace std::chrono_literals;

class Deliver final : public DatagramSink {
 public:
  void Send(std::span<const uint8_t> datagram) override {
    if (count == 64) return;
    std::copy(datagram.begin(), datagram.end(), datagrams[count].begin());
    sizes[count++] = datagram.size();
  }
  std::array<std::array<uint8_t, 1300>, 64> datagrams;
  std::array<size_t, 64> sizes;
  size_t count = 0;
};

void Round(benchmark::State& bench, size_t size) {
  crypto::SeededRandom random(1);
  const auto key = [] {
    static constexpr uint8_t kBytes[16] = {1, 2, 3};
    return crypto::SessionKey::FromBytes(kBytes);
  };
  Instant now = Instant::FromMillis(1000);
  Transport<ToyScreen, ToyScreen> a(TransportConfig::Client(),
                                    {key(), crypto::Direction::kToServer}, &random, {}, {}, now);
  Transport<ToyScreen, ToyScreen> b(TransportConfig::Server(),
                                    {key(), crypto::Direction::kToClient}, &random, {}, {}, now);
  ToyScreen screen_a, screen_b;
  Deliver sink;
  const auto carry = [&](auto& from, auto& live, auto& to) {
    sink.count = 0;
    while (now >= from.NextDeadline())
      benchmark::DoNotOptimize(from.OnDeadline(now, live, sink).ok());
    for (size_t i = 0; i < sink.count; ++i) {
      to.OnDatagram(std::span(sink.datagrams[i]).first(sink.sizes[i]), EcnMark::kCapable0, now);
    }
  };
  std::string text(size, 'x');
  for (char& c : text) c = static_cast<char>(' ' + random.Below(90));
  uint64_t turn = 0, datagrams = 0;
  uint64_t before = 0;
  for (auto _ : bench) {
    if (turn == 100) before = allocations;
    now += 50ms;
    ++turn;
    text[turn % size] = static_cast<char>('a' + turn % 26);
    screen_a.Set(text);
    a.OnLocalChange(now, ChangeHint::kIsolated);
    carry(a, screen_a, b);
    datagrams += sink.count;
    now += 60ms;
    carry(b, screen_b, a);  // an acknowledgement every other time
    datagrams += sink.count;
  }
  if (turn > 200) {
    bench.counters["allocations"] =
        static_cast<double>(allocations - before) / static_cast<double>(turn - 100);
  }
  bench.counters["datagrams"] = static_cast<double>(datagrams) / static_cast<double>(turn);
}

void BM_Key(benchmark::State& bench) { Round(bench, 20); }
void BM_Screenful(benchmark::State& bench) { Round(bench, 4000); }
BENCHMARK(BM_Key);
BENCHMARK(BM_Screenful);

}  // namespace
}  // namespace mosh::ssp
