// What must outlive the gate for sessions to go on: every socket of the port, in order, and the
// gate's end of each Host's link.
#ifndef SERVER_GATE_KEPT_H_
#define SERVER_GATE_KEPT_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "io/owned_fd.h"
#include "server/gate/claim_table.h"

namespace mosh::server::gate {

struct KeptHost {
  HostNumber number = 0;
  uid_t uid = 0;
  uint64_t build = 0;  // of the program it runs (build_id.h)
  // While the keeper has it too, the Host doesn't notice that a gate has gone.
  io::OwnedFd link;
};

struct Kept {
  // By number of the Host (0: the gate), then by address that moshd binds to.
  std::vector<std::vector<io::OwnedFd>> sockets;
  std::vector<KeptHost> hosts;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_KEPT_H_
