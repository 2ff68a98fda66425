#include "io/sim/sim_reactor.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "io/event.h"
#include "io/sim/sim_udp_socket.h"
#include "io/sim/sim_world.h"
#include "io/status.h"

namespace mosh::io::sim {

class SimSignalSource final : public SignalSource {
 public:
  SimSignalSource(SimReactor* host, std::initializer_list<int> signals)
      : host_(host), signals_(signals) {
    host_->signal_sources_.push_back(this);
  }
  ~SimSignalSource() override { std::erase(host_->signal_sources_, this); }

  // True if it is one of this source's.
  bool Offer(int signal) {
    if (std::find(signals_.begin(), signals_.end(), signal) == signals_.end()) return false;
    // Equal pending signals are one signal.
    if (std::find(pending_.begin(), pending_.end(), signal) == pending_.end()) {
      pending_.push_back(signal);
    }
    raised_.Set();
    return true;
  }

  Task<absl::StatusOr<int>> Next(StopToken stop) override {
    for (;;) {
      if (stop.stop_requested()) co_return StoppedStatus();
      if (!pending_.empty()) break;
      raised_.Reset();
      const absl::Status ready = co_await raised_.Wait(stop);
      if (!ready.ok()) co_return ready;
    }
    const int signal = pending_.front();
    pending_.pop_front();
    co_return signal;
  }

 private:
  SimReactor* host_;
  std::vector<int> signals_;
  std::deque<int> pending_;
  Event raised_;
};

SimReactor::SimReactor(SimWorld* world, absl::string_view name, const SocketAddress& address)
    : world_(world), host_name_(name), address_(address) {}

SimReactor::~SimReactor() { CHECK(sockets_.empty()); }

void SimReactor::Roam(absl::string_view address, int port_shift) {
  const absl::StatusOr<SocketAddress> parsed = SocketAddress::Parse(address, 0);
  CHECK(parsed.ok());
  const SimReactor* there = world_->network().HostAt(*parsed);
  CHECK(there == nullptr || there == this);
  address_ = *parsed;
  port_shift_ = port_shift;
}

void SimReactor::RaiseSignal(int signal) {
  const uint8_t number = static_cast<uint8_t>(signal);
  world_->Trace("signal", std::span(&number, 1));
  for (SimSignalSource* source : signal_sources_) {
    if (source->Offer(signal)) return;
  }
}

void SimReactor::ProvideTty(int fd, std::unique_ptr<Tty> tty) { ttys_[fd] = std::move(tty); }

void SimReactor::ProvideStream(int fd, std::unique_ptr<Stream> stream) {
  streams_[fd] = std::move(stream);
}

Instant SimReactor::Now() const { return world_->Now(); }

void SimReactor::Run(Task<void> root) { world_->RunToCompletion(std::move(root)); }

TimerQueue& SimReactor::timers() { return world_->timers(); }

SocketAddress SimReactor::ApparentAddress(uint16_t port) const {
  return address_.WithPort(static_cast<uint16_t>(port + port_shift_));
}

SimUdpSocket* SimReactor::SocketFor(const SocketAddress& to) const {
  const int shift = to.is_loopback() ? 0 : port_shift_;
  const auto found = sockets_.find(static_cast<uint16_t>(to.port() - shift));
  return found != sockets_.end() ? found->second : nullptr;
}

absl::StatusOr<std::unique_ptr<UdpSocket>> SimReactor::BindUdp(const SocketAddress& local,
                                                               const UdpOptions& options) {
  const bool ours =
      local.is_wildcard() || local.is_loopback() || local.Unmapped().WithPort(0) == address_;
  if (!ours) return ErrnoStatus(EADDRNOTAVAIL, absl::StrCat("bind ", local.ToString()));
  uint16_t port = local.port();
  if (port == 0) {
    // Fresh numbers, as long as there are any, so that a new socket is told apart from a closed
    // one.
    while (sockets_.contains(next_port_)) next_port_ = next_port_ == 60999 ? 32768 : next_port_ + 1;
    port = next_port_;
    next_port_ = next_port_ == 60999 ? 32768 : next_port_ + 1;
  }
  if (sockets_.contains(port)) {
    return ErrnoStatus(EADDRINUSE, absl::StrCat("bind ", local.ToString()));
  }
  return std::unique_ptr<UdpSocket>(new SimUdpSocket(this, local.WithPort(port), options));
}

absl::StatusOr<std::unique_ptr<UdpSocket>> SimReactor::AdoptUdp(OwnedFd /*fd*/,
                                                                const UdpOptions& /*options*/) {
  return absl::UnimplementedError("a simulated host adopts no descriptors");
}

absl::StatusOr<std::unique_ptr<Stream>> SimReactor::OpenStream(OwnedFd fd) {
  const int number = fd.Release();
  const auto found = streams_.find(number);
  if (found == streams_.end()) {
    return absl::NotFoundError(absl::StrCat("no stream is provided as descriptor ", number));
  }
  return std::move(streams_.extract(found).mapped());
}

absl::StatusOr<std::unique_ptr<Tty>> SimReactor::OpenTty(int fd) {
  const auto found = ttys_.find(fd);
  if (found == ttys_.end()) {
    return absl::NotFoundError(absl::StrCat("no terminal is provided as descriptor ", fd));
  }
  return std::move(ttys_.extract(found).mapped());
}

absl::StatusOr<Process> SimReactor::Spawn(const ProcessSpec& spec) {
  if (!spawner_) return absl::UnimplementedError("this simulated host starts no programs");
  return spawner_(spec);
}

absl::StatusOr<PtyProcess> SimReactor::SpawnPty(const PtySpec& spec) {
  if (!pty_spawner_) return absl::UnimplementedError("this simulated host starts no programs");
  return pty_spawner_(spec);
}

absl::StatusOr<std::unique_ptr<SignalSource>> SimReactor::WatchSignals(
    std::initializer_list<int> signals) {
  return std::unique_ptr<SignalSource>(new SimSignalSource(this, signals));
}

Task<absl::Status> SimReactor::WaitReadable(int /*fd*/, StopToken /*stop*/) {
  co_return absl::UnimplementedError("a simulated host has no descriptors");
}

Task<absl::Status> SimReactor::WaitWritable(int /*fd*/, StopToken /*stop*/) {
  co_return absl::UnimplementedError("a simulated host has no descriptors");
}

}  // namespace mosh::io::sim
