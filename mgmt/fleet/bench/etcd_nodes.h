// EtcdNodes: a real etcd of one member, with TLS, in which simulated nodes are registered as their
// agents would do it: two keys each, the second with a lease of its own that is kept alive.
#ifndef MGMT_FLEET_BENCH_ETCD_NODES_H_
#define MGMT_FLEET_BENCH_ETCD_NODES_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/reactor.h"
#include "io/stop.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/etcd/etcd_client.h"
#include "mgmt/fleet/bench/etcd_process.h"

namespace mosh::mgmt {

class EtcdNodes {
 public:
  // `program`: etcd. `directory` holds ca.crt, and nodes.crt and agent.crt with their keys, and is
  // etcd's to keep its files in. `lines`: "NODE HOST:PORT". Returns when all are registered; ends
  // the process if that can't be.
  EtcdNodes(const std::string& program, const std::string& directory,
            const std::vector<std::string>& lines);
  ~EtcdNodes();

  const EtcdProcess& etcd() const { return etcd_; }

 private:
  io::Task<void> Main();
  io::Task<void> Register();

  EtcdProcess etcd_;
  const std::vector<std::string> lines_;
  std::unique_ptr<io::Reactor> reactor_;
  std::unique_ptr<Mailbox> mailbox_;
  std::unique_ptr<etcd::EtcdClient> client_;
  std::vector<etcd::LeaseId> leases_;
  io::StopSource stop_;  // of the loop's thread
  std::atomic<bool> registered_ = false;
  std::thread thread_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_BENCH_ETCD_NODES_H_
