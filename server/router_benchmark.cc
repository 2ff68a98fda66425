// What a stranger's datagram costs: one trial of a key, and one whole search among ten thousand.
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"
#include "crypto/session_cipher.h"
#include "crypto/testing/seeded_random.h"
#include "server/router.h"

namespace mosh::server {
namespace {

class Endpoint final : public Routed {
 public:
  explicit Endpoint(const crypto::SessionKey& key) : cipher_(key, crypto::Direction::kToClient) {}
  bool Authenticates(std::span<const uint8_t> datagram) override {
    return cipher_.Authenticates(datagram);
  }

 private:
  crypto::SessionCipher cipher_;
};

// Searches of a forged datagram of `range(0)` octets; items are trials.
void ForgedDatagram(benchmark::State& state) {
  constexpr int kEndpoints = 10'000;
  crypto::SeededRandom random(1);
  Instant now;
  Router router(now);
  std::vector<std::unique_ptr<Endpoint>> endpoints;
  for (int i = 0; i < kEndpoints; ++i) {
    const crypto::SessionKey key = crypto::SessionKey::Generate(random);
    endpoints.push_back(std::make_unique<Endpoint>(key));
    router.Add(endpoints.back().get(), crypto::RouteTag::Of(key));
  }
  const std::vector<uint8_t> forged(static_cast<size_t>(state.range(0)));
  const io::SocketAddress from = io::SocketAddress::LoopbackV4(4000);
  for (auto _ : state) {
    now += std::chrono::seconds(1);  // the budget is whole again
    benchmark::DoNotOptimize(router.Find(forged, from, now));
  }
  state.SetItemsProcessed(static_cast<int64_t>(router.trials()));
}
BENCHMARK(ForgedDatagram)->Arg(24)->Arg(100)->Arg(1400);

}  // namespace
}  // namespace mosh::server
