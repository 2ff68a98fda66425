// FleetPart: what an agent that is one of a fleet has beside the others: the others' sessions, and
// ways to ask them.
#ifndef MGMT_AGENT_FLEET_PART_H_
#define MGMT_AGENT_FLEET_PART_H_

#include <functional>
#include <memory>
#include <random>
#include <string>

#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/agent/certificates.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/fleet/fleet_nodes.h"
#include "mgmt/fleet/fleet_sessions.h"
#include "mgmt/fleet/grpc_peers.h"

namespace mosh::mgmt {

class FleetPart {
 public:
  // All outlive it.
  struct Context {
    io::Reactor* reactor;
    Mailbox* mailbox;
    Directory* own;
    FleetNodes* nodes;
    TlsFiles tls;
    std::shared_ptr<Certificates> certificates;
    size_t max_sessions;
    std::function<std::string()> new_instance;
    std::function<void(const std::string&)> complain;
  };
  explicit FleetPart(const Context& context)
      : peers_(context.mailbox, context.own->node_name(), context.tls, context.certificates),
        sessions_({.reactor = context.reactor,
                   .own = context.own,
                   .nodes = context.nodes,
                   .calls = &peers_,
                   .max_sessions = context.max_sessions,
                   .new_instance = context.new_instance,
                   .random = [this] { return std::uniform_real_distribution<double>()(random_); },
                   .complain = context.complain}) {}

  // Until `stop`; by then no call may use it any more.
  io::Task<void> Run(io::StopToken stop) {
    co_await sessions_.Run(stop);
    co_await peers_.Close();
  }
  FleetSessions* sessions() { return &sessions_; }

 private:
  std::minstd_rand random_{std::random_device()()};
  GrpcPeers peers_;
  FleetSessions sessions_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_FLEET_PART_H_
