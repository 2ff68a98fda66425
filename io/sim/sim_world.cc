#include "io/sim/sim_world.h"

#include <utility>

#include "base/check.h"
#include "io/address.h"
#include "io/sim/sim_reactor.h"

namespace mosh::io::sim {
namespace {

// FNV-1a, 64 bits.
constexpr uint64_t kHashStart = 0xcbf29ce484222325;
constexpr uint64_t kHashPrime = 0x100000001b3;

// No program does this much at one instant; one that does is in an endless loop that lets no time
// pass.
constexpr int kMaxTurnsPerInstant = 1'000'000;

void HashByte(uint64_t* hash, uint8_t byte) { *hash = (*hash ^ byte) * kHashPrime; }

void HashNumber(uint64_t* hash, uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) HashByte(hash, static_cast<uint8_t>(number >> shift));
}

Task<void> SetWhenDone(Task<void> task, bool* done) {
  co_await std::move(task);
  *done = true;
}

}  // namespace

SimWorld::SimWorld(uint64_t seed) : random_(seed), trace_hash_(kHashStart), network_(this) {}

SimWorld::~SimWorld() { CHECK(StopAll()); }

SimReactor& SimWorld::AddHost(absl::string_view name, absl::string_view address) {
  const absl::StatusOr<SocketAddress> parsed = SocketAddress::Parse(address, 0);
  CHECK(parsed.ok());
  CHECK(network_.HostAt(*parsed) == nullptr);
  hosts_.push_back(std::make_unique<SimReactor>(this, name, *parsed));
  network_.hosts_.push_back(hosts_.back().get());
  return *hosts_.back();
}

void SimWorld::Settle() {
  for (int turn = 0;; ++turn) {
    CHECK(turn < kMaxTurnsPerInstant);
    timers_.FireDue(now_);
    ready_.RunTurn();
    if (ready_.empty() && timers_.NextDeadline() > now_) return;
  }
}

void SimWorld::RunUntil(Instant until) {
  RunUntilTrue([] { return false; }, until);
}

bool SimWorld::RunUntilTrue(const std::function<bool()>& done, Instant limit) {
  for (;;) {
    Settle();
    if (done()) return true;
    const Instant next = timers_.NextDeadline();
    if (next > limit || next == Instant::Max()) break;
    now_ = next;
  }
  if (limit != Instant::Max() && limit > now_) now_ = limit;
  return false;
}

bool SimWorld::RunUntilIdle(Instant limit) {
  return RunUntilTrue([this] { return timers_.NextDeadline() == Instant::Max(); }, limit);
}

bool SimWorld::StopAll(std::chrono::nanoseconds limit) {
  programs_.Cancel();
  return RunUntilTrue([this] { return programs_.children() == 0; }, now_ + limit);
}

void SimWorld::RunToCompletion(Task<void> root) {
  bool done = false;
  Scope scope;
  scope.Spawn(SetWhenDone(std::move(root), &done));
  CHECK(RunUntilTrue([&done] { return done; }, Instant::Max()));
}

void SimWorld::Trace(absl::string_view what, std::span<const uint8_t> bytes) {
  HashNumber(&trace_hash_, static_cast<uint64_t>(now_.nanos()));
  for (const char c : what) HashByte(&trace_hash_, static_cast<uint8_t>(c));
  HashNumber(&trace_hash_, bytes.size());
  for (const uint8_t byte : bytes) HashByte(&trace_hash_, byte);
}

}  // namespace mosh::io::sim
