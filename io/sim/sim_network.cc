#include "io/sim/sim_network.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/check.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_udp_socket.h"
#include "io/sim/sim_world.h"
#include "io/status.h"
#include "io/timer_queue.h"

namespace mosh::io::sim {

// The datagrams under way between two addresses.
class SimNetwork::Flow final : private TimerNode {
 public:
  Flow(SimNetwork* network, const SocketAddress& from, const SocketAddress& to,
       const SimReactor* sender, const SimReactor* receiver, std::unique_ptr<SimLink> link)
      : TimerNode(&network->world_->timers()),
        network_(network),
        from_(from),
        to_(to),
        sender_(sender),
        receiver_(receiver),
        link_(std::move(link)) {}

  void Send(std::span<const uint8_t> bytes, EcnMark ecn) {
    ecn_ = ecn;
    link_->Push(bytes, network_->world_->Now());
    ArmNode(link_->NextDeadline());
  }

  bool Joins(const SimReactor* sender, const SimReactor* receiver) const {
    return sender_ == sender && receiver_ == receiver;
  }
  bool empty() const { return link_->NextDeadline() == Instant::Max(); }

 private:
  void OnTimer() override {
    while (std::optional<std::vector<uint8_t>> due = link_->Pop(network_->world_->Now())) {
      network_->Deliver(from_, to_, to_.is_loopback() ? receiver_ : network_->HostAt(to_),
                        link_->MarkOfLast(ecn_), *std::move(due));
    }
    ArmNode(link_->NextDeadline());
  }

  SimNetwork* network_;
  SocketAddress from_;
  SocketAddress to_;
  const SimReactor* sender_;
  const SimReactor* receiver_;
  std::unique_ptr<SimLink> link_;
  EcnMark ecn_ = EcnMark::kNotEct;
};

SimNetwork::SimNetwork(SimWorld* world) : world_(world) {}
SimNetwork::~SimNetwork() = default;

void SimNetwork::Connect(SimReactor& a, SimReactor& b, SimLinkFactory both_ways) {
  ConnectOneWay(a, b, both_ways);
  ConnectOneWay(b, a, std::move(both_ways));
}

void SimNetwork::ConnectOneWay(SimReactor& from, SimReactor& to, SimLinkFactory factory) {
  std::erase_if(routes_, [&](const Route& r) { return r.from == &from && r.to == &to; });
  RetireFlows(&from, &to);
  routes_.push_back({&from, &to, std::move(factory)});
}

void SimNetwork::Disconnect(SimReactor& a, SimReactor& b) {
  std::erase_if(routes_, [&](const Route& r) {
    return (r.from == &a && r.to == &b) || (r.from == &b && r.to == &a);
  });
  RetireFlows(&a, &b);
  RetireFlows(&b, &a);
}

void SimNetwork::RetireFlows(const SimReactor* from, const SimReactor* to) {
  std::erase_if(retired_, [](const std::unique_ptr<Flow>& flow) { return flow->empty(); });
  for (auto it = flows_.begin(); it != flows_.end();) {
    if (!it->second->Joins(from, to)) {
      ++it;
      continue;
    }
    retired_.push_back(std::move(it->second));
    it = flows_.erase(it);
  }
}

SimReactor* SimNetwork::HostAt(const SocketAddress& address) const {
  const SocketAddress host = address.Unmapped().WithPort(0);
  for (SimReactor* candidate : hosts_) {
    if (candidate->address() == host) return candidate;
  }
  return nullptr;
}

const SimNetwork::Route* SimNetwork::FindRoute(const SimReactor* from, const SimReactor* to) const {
  for (const Route& route : routes_) {
    if (route.from == from && route.to == to) return &route;
  }
  return nullptr;
}

absl::Status SimNetwork::Send(SimReactor* sender, const SocketAddress& from,
                              const SocketAddress& to, EcnMark ecn,
                              std::span<const uint8_t> bytes) {
  if (bytes.size() > max_datagram_) return ErrnoStatus(EMSGSIZE, "sendmsg");
  world_->Trace("send", bytes);
  ++stats_.sent;
  SimReactor* receiver = to.is_loopback() ? sender : HostAt(to);
  if (receiver == nullptr || !sender->plugged_) return absl::OkStatus();
  const Route* route = FindRoute(sender, receiver);
  if (route == nullptr && sender != receiver) return ErrnoStatus(ENETUNREACH, "sendmsg");
  std::unique_ptr<Flow>& flow = flows_[{from, to}];
  if (flow == nullptr) {
    const SimLinkFactory factory = route != nullptr ? route->factory : PerfectLink({});
    flow = std::make_unique<Flow>(this, from, to, sender, receiver, factory(world_->NextSeed()));
  }
  flow->Send(bytes, ecn);
  return absl::OkStatus();
}

void SimNetwork::Deliver(const SocketAddress& from, const SocketAddress& to,
                         const SimReactor* receiver, EcnMark ecn, std::vector<uint8_t> bytes) {
  SimUdpSocket* socket =
      receiver != nullptr && receiver->plugged_ ? receiver->SocketFor(to) : nullptr;
  if (socket == nullptr) {
    ++stats_.nobody_there;
    return;
  }
  world_->Trace("deliver", bytes);
  ++stats_.delivered;
  socket->Deliver(from, ecn, std::move(bytes));
}

}  // namespace mosh::io::sim
