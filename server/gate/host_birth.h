// From a fork of the spawner to a Host of one user: who may have one, the PAM session, and all that
// a process of root's must leave behind. No exec: a process that has changed its user without one
// can't be traced by that user's other processes, and its sockets can't be taken from it.
#ifndef SERVER_GATE_HOST_BIRTH_H_
#define SERVER_GATE_HOST_BIRTH_H_

#include <sys/resource.h>

#include <functional>
#include <string>
#include <vector>

#include "io/owned_fd.h"
#include "server/gate/config.h"
#include "server/gate/identity.h"
#include "server/gate/spawner.h"

namespace mosh::server::gate {

// What the Host itself begins with, as its user.
struct HostLife {
  HostNumber number = 0;
  Config config;
  Identity who;
  io::OwnedFd link;
  std::vector<io::OwnedFd> sockets;
  // RLIMIT_NOFILE as the user's programs are to have it; the Host's own is raised.
  rlimit open_files = {};
};

// In a fresh fork. Calls `live` as the user; returns when the Host, and its PAM session, have
// ended, or if it may not be: then the reason is logged, and told to whoever waits at the link.
void BearHost(HostBirth birth, const std::function<void(HostLife)>& live);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_HOST_BIRTH_H_
