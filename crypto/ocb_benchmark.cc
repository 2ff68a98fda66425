// Sealing and opening one datagram of 16 .. 1280 octets of text: ours beside OpenSSL's AES-128-OCB
// in the same run.
//
//   bazel run //crypto:ocb_benchmark -- --benchmark_repetitions=9
//   --benchmark_report_aggregates_only=true
//
// Before anything is measured, each side opens what the other sealed. Sequence numbers rise by one
// a datagram, as in a session. Opening works in place, so each round first copies the sealed
// datagram; both sides pay for that copy.
#include <dlfcn.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/check.h"
#include "benchmark/benchmark.h"
#include "crypto/benchmark_peer/openssl_peer.h"
#include "crypto/session_cipher.h"

namespace mosh::crypto {
namespace {

constexpr std::array<uint8_t, SessionKey::kSize> kKey = {7, 7, 7, 1, 2, 3, 4, 5,
                                                         6, 7, 8, 9, 1, 2, 3, 4};
constexpr size_t kLargest = 1280;
// How many sealed datagrams an opening benchmark takes turns with.
constexpr size_t kSealed = 256;

using Buffer = std::array<uint8_t, kLargest + kOverhead>;

struct Openssl {
  Openssl() {
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    const auto path = here / "benchmark_peer" / "libopenssl_peer.so";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == nullptr) std::fprintf(stderr, "%s\n", dlerror());
    CHECK(library != nullptr);
    Find(library, "OpensslPeerSeal", seal);
    Find(library, "OpensslPeerOpen", open);
    decltype(&OpensslPeerNew) make = nullptr;
    Find(library, "OpensslPeerNew", make);
    peer = make(kKey.data());
    decltype(&OpensslPeerVersion) version = nullptr;
    Find(library, "OpensslPeerVersion", version);
    benchmark::AddCustomContext("peer", version());
  }

  template <typename Function>
  static void Find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    CHECK(function != nullptr);
  }

  OpensslPeer* peer = nullptr;
  decltype(&OpensslPeerSeal) seal = nullptr;
  decltype(&OpensslPeerOpen) open = nullptr;
};

SessionCipher Ours(Direction sends) { return SessionCipher(SessionKey::FromBytes(kKey), sends); }

// What each side seals the other must open, or the figures mean nothing.
void CheckAgreement(const Openssl& openssl) {
  SessionCipher client = Ours(Direction::kToServer);
  SessionCipher server = Ours(Direction::kToClient);
  for (size_t size = 0; size <= kLargest; ++size) {
    Buffer buffer;
    buffer.fill(static_cast<uint8_t>(size));
    const auto datagram = std::span(buffer).first(size + kOverhead);
    CHECK(client.Seal(datagram).ok());
    CHECK(openssl.open(openssl.peer, buffer.data(), size));
    CHECK(openssl.seal(openssl.peer, buffer.data(), size));
    CHECK(server.Open(datagram).ok());
    for (size_t i = 0; i < size; ++i) CHECK(buffer[kNonceSize + i] == static_cast<uint8_t>(size));
  }
}

const Openssl& Peer() {
  static const Openssl* const peer = [] {
    auto* made = new Openssl;
    CheckAgreement(*made);
    return made;
  }();
  return *peer;
}

void OurSeal(benchmark::State& state) {
  const size_t size = static_cast<size_t>(state.range(0));
  SessionCipher cipher = Ours(Direction::kToServer);
  Buffer buffer{};
  const auto datagram = std::span(buffer).first(size + kOverhead);
  for (auto _ : state) {
    CHECK(cipher.Seal(datagram).ok());
    benchmark::ClobberMemory();
  }
}

void OpensslSeal(benchmark::State& state) {
  const size_t size = static_cast<size_t>(state.range(0));
  const Openssl& openssl = Peer();
  Buffer buffer{};
  uint64_t sequence = 0;
  for (auto _ : state) {
    Nonce{.direction = Direction::kToServer, .sequence = {sequence++}}.Write(
        std::span(buffer).first<kNonceSize>());
    CHECK(openssl.seal(openssl.peer, buffer.data(), size));
    benchmark::ClobberMemory();
  }
}

std::vector<Buffer> SealedDatagrams(size_t size) {
  SessionCipher cipher = Ours(Direction::kToServer);
  std::vector<Buffer> sealed(kSealed);
  for (Buffer& buffer : sealed) CHECK(cipher.Seal(std::span(buffer).first(size + kOverhead)).ok());
  return sealed;
}

void OurOpen(benchmark::State& state) {
  const size_t size = static_cast<size_t>(state.range(0));
  const std::vector<Buffer> sealed = SealedDatagrams(size);
  SessionCipher cipher = Ours(Direction::kToClient);
  Buffer buffer{};
  size_t next = 0;
  for (auto _ : state) {
    std::memcpy(buffer.data(), sealed[next++ % kSealed].data(), size + kOverhead);
    CHECK(cipher.Open(std::span(buffer).first(size + kOverhead)).ok());
    benchmark::ClobberMemory();
  }
}

void OpensslOpen(benchmark::State& state) {
  const size_t size = static_cast<size_t>(state.range(0));
  const std::vector<Buffer> sealed = SealedDatagrams(size);
  const Openssl& openssl = Peer();
  Buffer buffer{};
  size_t next = 0;
  for (auto _ : state) {
    std::memcpy(buffer.data(), sealed[next++ % kSealed].data(), size + kOverhead);
    CHECK(openssl.open(openssl.peer, buffer.data(), size));
    benchmark::ClobberMemory();
  }
}

// Also sizes that are no multiple of 16, as most datagrams are.
#define MOSH_SIZES ->Arg(16)->Arg(64)->Arg(100)->Arg(256)->Arg(512)->Arg(1275)->Arg(1280)
BENCHMARK(OurSeal) MOSH_SIZES;
BENCHMARK(OpensslSeal) MOSH_SIZES;
BENCHMARK(OurOpen) MOSH_SIZES;
BENCHMARK(OpensslOpen) MOSH_SIZES;

}  // namespace
}  // namespace mosh::crypto
