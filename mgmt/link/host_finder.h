// HostFinder: where on this machine Hosts listen. A user's Hosts, standalone servers and moshd's
// alike, have their control sockets in his runtime directory (docs/control.md); root looks into
// everybody's, others into their own.
//
// Told by inotify, on the directories and, while one doesn't exist yet, on the nearest one above it
// that does; and because nothing tells of everything (a mount, a queue that ran over), looked
// through again every half minute. Loop thread only.
#ifndef MGMT_LINK_HOST_FINDER_H_
#define MGMT_LINK_HOST_FINDER_H_

#include <sys/types.h>

#include <chrono>
#include <compare>
#include <functional>
#include <string>
#include <vector>

#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::mgmt {

struct HostSocket {
  std::string path;
  uid_t owner = 0;  // of the directory it is in; nobody else may listen there
  friend auto operator<=>(const HostSocket&, const HostSocket&) = default;
};

struct HostPlaces {
  bool everybodys = false;  // as root does; else only those of `uid`
  uid_t uid = 0;
  std::string xdg_runtime_dir;  // the variable of this process; empty: not set
  std::string root;             // stands before /run and /tmp, for tests; empty: the machine's own
};
HostPlaces HostPlacesOfProcess();

struct HostScan {
  std::vector<HostSocket> sockets;       // sorted
  std::vector<std::string> directories;  // whose entries the result depends on and that exist
  std::vector<std::string>
      problems;  // a directory that can't be trusted or read, in words for people
};
// Looks once. A directory that is a symbolic link, not its user's, or open to others is passed
// over, as the Hosts' own programs do.
HostScan FindHostSockets(const HostPlaces& places);

class HostFinder {
 public:
  // `on_scan` is called with each result that differs from the one before, and with the first.
  HostFinder(io::Reactor* reactor, HostPlaces places, std::function<void(const HostScan&)> on_scan);

  // Until `stop`. Without inotify (a limit of the machine's) it looks every two seconds instead.
  io::Task<void> Run(io::StopToken stop);

 private:
  io::Reactor* const reactor_;
  const HostPlaces places_;
  const std::function<void(const HostScan&)> on_scan_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_HOST_FINDER_H_
