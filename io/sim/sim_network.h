// SimNetwork: carries datagrams between the sockets of simulated hosts.
//
// Each flow (source address and port, destination address and port) has a link of its own, made by
// the factory of the route between the two hosts. Without a route: ENETUNREACH at the sender.
// Nobody bound at the destination: lost.
#ifndef IO_SIM_SIM_NETWORK_H_
#define IO_SIM_SIM_NETWORK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/instant.h"
#include "io/address.h"
#include "io/sim/sim_link.h"
#include "io/udp_socket.h"

namespace mosh::io::sim {

class SimReactor;
class SimUdpSocket;
class SimWorld;

class SimNetwork {
 public:
  explicit SimNetwork(SimWorld* world);
  ~SimNetwork();

  // The path in both directions. Replaces an earlier one: what is under way still arrives over the
  // old links.
  void Connect(SimReactor& a, SimReactor& b, SimLinkFactory both_ways);
  void ConnectOneWay(SimReactor& from, SimReactor& to, SimLinkFactory factory);
  // Later datagrams between the two get ENETUNREACH at the sender; what is under way still arrives.
  void Disconnect(SimReactor& a, SimReactor& b);

  // All datagrams larger than this get EMSGSIZE at the sender.
  void set_max_datagram(size_t bytes) { max_datagram_ = bytes; }

  struct Stats {
    uint64_t sent = 0;
    uint64_t delivered = 0;
    uint64_t nobody_there = 0;
  };
  const Stats& stats() const { return stats_; }

 private:
  friend class SimReactor;
  friend class SimUdpSocket;
  friend class SimWorld;
  class Flow;
  struct Route {
    SimReactor* from;
    SimReactor* to;
    SimLinkFactory factory;
  };

  // From a socket of `sender` that others see as `from`.
  absl::Status Send(SimReactor* sender, const SocketAddress& from, const SocketAddress& to,
                    EcnMark ecn, std::span<const uint8_t> bytes);
  // `receiver`: whoever has the address `to` by now; may be nobody.
  void Deliver(const SocketAddress& from, const SocketAddress& to, const SimReactor* receiver,
               EcnMark ecn, std::vector<uint8_t> bytes);
  SimReactor* HostAt(const SocketAddress& address) const;
  const Route* FindRoute(const SimReactor* from, const SimReactor* to) const;
  // No new datagrams over the links of this route; they are dropped when the last has arrived.
  void RetireFlows(const SimReactor* from, const SimReactor* to);

  SimWorld* world_;
  size_t max_datagram_ = 65507;
  Stats stats_;
  std::vector<SimReactor*> hosts_;
  std::vector<Route> routes_;
  std::map<std::pair<SocketAddress, SocketAddress>, std::unique_ptr<Flow>> flows_;
  std::vector<std::unique_ptr<Flow>> retired_;
};

}  // namespace mosh::io::sim

#endif  // IO_SIM_SIM_NETWORK_H_
