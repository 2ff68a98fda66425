// How fast the reactors are: UDP round trips, draining a flooding pty, timers, start-up.
//   bazel run -c opt //io:io_benchmark

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "base/check.h"
#include "benchmark/benchmark.h"
#include "io/create_reactor.h"
#include "io/event.h"
#include "io/scope.h"
#include "io/timer.h"

namespace mosh::io {
namespace {

using std::chrono_literals::operator""s;

std::unique_ptr<Reactor> Make(const benchmark::State& state) {
  return *CreateReactor(state.range(0) == 0 ? Backend::kIoUring : Backend::kEpoll);
}

void Backends(benchmark::internal::Benchmark* b) {
  b->ArgName("epoll")->Arg(0)->Arg(1)->UseRealTime();
}

Task<void> Echo(UdpSocket* socket, StopToken stop) {
  for (;;) {
    const absl::StatusOr<Datagram> got = co_await socket->Receive(stop);
    if (!got.ok()) co_return;
    socket->SendNow(got->bytes(), got->from()).IgnoreError();
  }
}

Task<void> PingPong(benchmark::State* state, UdpSocket* a, UdpSocket* b) {
  Scope scope;
  scope.Spawn(Echo(b, scope.token()));
  const std::array<uint8_t, 100> payload{};
  for (auto _ : *state) {
    a->SendNow(payload, b->local_address()).IgnoreError();
    (co_await a->Receive({})).status().IgnoreError();
  }
  co_await scope.CancelAndJoin();
  co_await a->Close();
  co_await b->Close();
}

// Both ends in one loop: two datagrams and two wake-ups a round.
void BM_UdpPingPong(benchmark::State& state) {
  const std::unique_ptr<Reactor> reactor = Make(state);
  auto a = *reactor->BindUdp(SocketAddress::LoopbackV4(0), {});
  auto b = *reactor->BindUdp(SocketAddress::LoopbackV4(0), {});
  reactor->Run(PingPong(&state, a.get(), b.get()));
}
BENCHMARK(BM_UdpPingPong)->Apply(Backends);

Task<void> Bursts(benchmark::State* state, UdpSocket* a, UdpSocket* b) {
  const std::array<uint8_t, 1200> payload{};
  std::vector<OutgoingDatagram> batch(
      16, OutgoingDatagram{.bytes = payload, .to = b->local_address(), .from = {}});
  for (auto _ : *state) {
    a->SendBatch(batch).status.IgnoreError();
    for (size_t i = 0; i < batch.size(); ++i) (co_await b->Receive({})).status().IgnoreError();
  }
  state->SetItemsProcessed(static_cast<int64_t>(state->iterations() * batch.size()));
  co_await a->Close();
  co_await b->Close();
}

void BM_UdpBurst16(benchmark::State& state) {
  const std::unique_ptr<Reactor> reactor = Make(state);
  auto a = *reactor->BindUdp(SocketAddress::LoopbackV4(0), {});
  auto b = *reactor->BindUdp(SocketAddress::LoopbackV4(0), {});
  reactor->Run(Bursts(&state, a.get(), b.get()));
}
BENCHMARK(BM_UdpBurst16)->Apply(Backends);

// The same on bare system calls: what a loop around poll(2) would do.
void BM_UdpPingPongBarePoll(benchmark::State& state) {
  std::array<OwnedFd, 2> fds;
  std::array<SocketAddress, 2> addresses;
  for (int i = 0; i < 2; ++i) {
    fds[i] = OwnedFd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    const SocketAddress any = SocketAddress::LoopbackV4(0);
    CHECK(bind(fds[i].get(), any.address(), any.length()) == 0);
    sockaddr_in raw;
    socklen_t length = sizeof(raw);
    getsockname(fds[i].get(), reinterpret_cast<sockaddr*>(&raw), &length);
    addresses[i] = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&raw), length);
  }
  std::array<uint8_t, 100> payload{};
  for (auto _ : state) {
    for (int i = 0; i < 2; ++i) {
      sendto(fds[i].get(), payload.data(), payload.size(), 0, addresses[1 - i].address(),
             addresses[1 - i].length());
      pollfd both[2] = {{fds[0].get(), POLLIN, 0}, {fds[1].get(), POLLIN, 0}};
      poll(both, 2, -1);
      CHECK(recv(fds[1 - i].get(), payload.data(), payload.size(), 0) == payload.size());
    }
  }
}
BENCHMARK(BM_UdpPingPongBarePoll)->UseRealTime();

constexpr int64_t kDrainBytes = 32 << 20;

Task<void> DrainBytes(Stream* stream, int64_t bytes) {
  std::vector<uint8_t> buffer(65536);
  while (bytes > 0) {
    const absl::StatusOr<size_t> n = co_await stream->Read(buffer, {});
    CHECK(n.ok());
    CHECK(*n != 0);
    bytes -= static_cast<int64_t>(*n);
  }
}

Task<void> EndChild(Child* child) {
  child->Kill(SIGKILL).IgnoreError();
  (co_await child->Wait({})).status().IgnoreError();
}

PtySpec Flooder() {
  return {.child = {.file = "",
                    .argv = {"yes", std::string(78, 'y')},
                    .environment = {},
                    .directory = "",
                    .before_exec = nullptr}};
}

// `yes` in a pty, read in pieces of 64 KiB.
void BM_PtyDrain(benchmark::State& state) {
  const std::unique_ptr<Reactor> reactor = Make(state);
  absl::StatusOr<PtyProcess> pty = reactor->SpawnPty(Flooder());
  CHECK(pty.ok());
  for (auto _ : state) reactor->Run(DrainBytes(pty->master.get(), kDrainBytes));
  state.SetBytesProcessed(state.iterations() * kDrainBytes);
  reactor->Run(EndChild(pty->child.get()));
}
BENCHMARK(BM_PtyDrain)->Apply(Backends);

// The same child, read with nothing but blocking read(2).
void BM_PtyDrainBareRead(benchmark::State& state) {
  const std::unique_ptr<Reactor> reactor = *CreateReactor(Backend::kEpoll);
  absl::StatusOr<PtyProcess> pty = reactor->SpawnPty(Flooder());
  CHECK(pty.ok());
  const int fd = pty->master->fd();
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  std::vector<uint8_t> buffer(65536);
  for (auto _ : state) {
    for (int64_t left = kDrainBytes; left > 0;) {
      const ssize_t n = read(fd, buffer.data(), buffer.size());
      CHECK(n > 0);
      left -= n;
    }
  }
  state.SetBytesProcessed(state.iterations() * kDrainBytes);
  reactor->Run(EndChild(pty->child.get()));
}
BENCHMARK(BM_PtyDrainBareRead)->UseRealTime();

void BM_TimerRearm(benchmark::State& state) {
  const std::unique_ptr<Reactor> reactor = Make(state);
  Event wake;
  Timer timer(reactor.get(), &wake);
  const Instant now = reactor->Now();
  int64_t i = 0;
  for (auto _ : state) timer.Arm(now + std::chrono::nanoseconds(++i));
}
BENCHMARK(BM_TimerRearm)->Arg(0);

Task<void> CloseIt(UdpSocket* socket) { co_await socket->Close(); }

// From nothing to a bound socket, and back.
void BM_CreateWithSocket(benchmark::State& state) {
  for (auto _ : state) {
    const std::unique_ptr<Reactor> reactor = Make(state);
    auto socket = *reactor->BindUdp(SocketAddress::LoopbackV4(0), {});
    reactor->Run(CloseIt(socket.get()));
  }
}
BENCHMARK(BM_CreateWithSocket)->Apply(Backends);

}  // namespace
}  // namespace mosh::io
