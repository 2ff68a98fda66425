#include "io/sim/sim_udp_socket.h"

#include <utility>

#include "base/check.h"
#include "io/sim/sim_network.h"
#include "io/sim/sim_world.h"
#include "io/status.h"

namespace mosh::io::sim {

SimUdpSocket::SimUdpSocket(SimReactor* host, const SocketAddress& local, const UdpOptions& options)
    : host_(host), local_(local), options_(options) {
  host_->sockets_[local_.port()] = this;
}

SimUdpSocket::~SimUdpSocket() { CHECK(!open_); }

void SimUdpSocket::Deliver(const SocketAddress& from, EcnMark ecn, std::vector<uint8_t> bytes) {
  if (bytes.size() > kMaxDatagramSize) {
    ++oversized_;
    return;
  }
  if (queue_.size() == kQueueLimit) return;
  const SocketAddress seen = local_.family() == AF_INET6 ? from.Mapped() : from;
  queue_.push_back({seen, ecn, host_->Now(), std::move(bytes)});
  arrived_.Set();
}

std::optional<Datagram> SimUdpSocket::TryReceive() {
  if (queue_.empty()) return std::nullopt;
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(leased_.size()));
    leased_.emplace_back();
  }
  const uint32_t buffer = free_.back();
  free_.pop_back();
  Arrived arrived = std::move(queue_.front());
  queue_.pop_front();
  leased_[buffer] = std::move(arrived.bytes);
  Datagram::Facts facts;
  facts.bytes = leased_[buffer];
  facts.from = arrived.from;
  const SocketAddress to = host_->address().WithPort(local_.port());
  facts.to = local_.family() == AF_INET6 ? to.Mapped() : to;
  facts.ecn = arrived.ecn;
  if (options_.kernel_timestamps) facts.arrived_at = arrived.at;
  return Datagram(facts, this, buffer);
}

void SimUdpSocket::Recycle(uint32_t buffer) {
  leased_[buffer].clear();
  free_.push_back(buffer);
}

Task<absl::StatusOr<Datagram>> SimUdpSocket::Receive(StopToken stop) {
  for (;;) {
    if (stop.stop_requested()) co_return StoppedStatus();
    std::optional<Datagram> here = TryReceive();
    if (here.has_value()) co_return *std::move(here);
    arrived_.Reset();
    const absl::Status ready = co_await arrived_.Wait(stop);
    if (!ready.ok()) co_return ready;
  }
}

BatchResult SimUdpSocket::SendBatch(std::span<const OutgoingDatagram> datagrams) {
  BatchResult result;
  const auto ecn = static_cast<EcnMark>(options_.traffic_class & 3);
  for (const OutgoingDatagram& datagram : datagrams) {
    const SocketAddress to = datagram.to.Unmapped();
    const SocketAddress from =
        to.is_loopback() ? to.WithPort(local_.port()) : host_->ApparentAddress(local_.port());
    result.status = host_->world_->network().Send(host_, from, to, ecn, datagram.bytes);
    if (!result.status.ok()) return result;
    ++result.sent;
  }
  return result;
}

Task<void> SimUdpSocket::Close() {
  if (std::exchange(open_, false)) host_->sockets_.erase(local_.port());
  queue_.clear();
  co_return;
}

}  // namespace mosh::io::sim
