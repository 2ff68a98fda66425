#include "bench/fleet/typists.h"

#include <cstdio>

#include "base/check.h"
#include "crypto/session_key.h"
#include "io/address.h"

namespace mosh::bench {

using namespace std::chrono_literals;

Typists::Typists(io::Reactor* reactor, crypto::RandomSource* random)
    : reactor_(reactor), random_(random), codec_(std::make_shared<ssp::Codec>()) {}

void Typists::Connect(const Entry& entry) {
  clients_.push_back(std::make_unique<LightClient>(
      reactor_, io::SocketAddress::LoopbackV4(entry.port),
      *crypto::SessionKey::FromBase64(entry.key), entry.start, codec_, random_));
  clients_.back()->Connect(&scope_);
}

io::Task<void> Typists::AwaitUp() {
  for (const auto& client : clients_) {
    while (!client->up()) {
      const absl::Status slept = co_await reactor_->Sleep(reactor_->Now() + 1ms, {});
      CHECK(slept.ok());
    }
  }
}

io::Task<void> Typists::Type(std::chrono::seconds time, Samples* samples) {
  const auto step =
      std::chrono::nanoseconds(1s) / kKeysPerSecond / static_cast<int64_t>(clients_.size());
  Instant next = reactor_->Now();
  const int64_t keys = time.count() * kKeysPerSecond * static_cast<int64_t>(clients_.size());
  for (int64_t i = 0; i < keys; ++i) {
    next += step;
    const absl::Status slept = co_await reactor_->Sleep(next, {});
    CHECK(slept.ok());
    clients_[static_cast<size_t>(i) % clients_.size()]->TypeKey(samples);
  }
  const absl::Status slept = co_await reactor_->Sleep(next + 1s, {});
  CHECK(slept.ok());
  size_t missing = 0;
  for (const auto& client : clients_) missing += client->keys_under_way();
  if (missing > 0) printf("%zu keys were not shown within a second of the end\n", missing);
}

io::Task<void> Typists::Close() {
  co_await scope_.CancelAndJoin();
  for (const auto& client : clients_) co_await client->Close();
}

}  // namespace mosh::bench
