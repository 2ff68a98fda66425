// HostFinder: where on this machine Hosts listen. A user's Hosts, standalone servers and moshd's
// alike, have their control sockets in his runtime directory (docs/control.md); root looks into
// everybody's, others into their own.
//
// Told by inotify of what changes in these directories and, while one doesn't exist yet, in the
// nearest one above it that does; and because not everything is told (a mount, a queue that ran
// over) it looks again every half minute. Loop thread only.
#ifndef MGMT_LINK_HOST_FINDER_H_
#define MGMT_LINK_HOST_FINDER_H_

#include <sys/types.h>

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
  uid_t owner = 0;  // of the directory and the socket: nobody else may listen there
  friend auto operator<=>(const HostSocket&, const HostSocket&) = default;
};

struct HostPlaces {
  bool everybodys = false;  // as root does; else only those of `uid`
  uid_t uid = 0;
  std::string xdg_runtime_dir;  // the variable of this process; empty: not set
  std::string root;             // stands before /run and /tmp, for tests; empty: the machine's own
};
HostPlaces HostPlacesOfProcess();

// A directory whose entries decide what is found: of those only whose name begins so.
struct WatchedDirectory {
  std::string path;
  std::string prefix;
};

struct HostScan {
  std::vector<HostSocket> sockets;  // sorted
  std::vector<WatchedDirectory> watched;
  // A directory that can't be trusted or read, or has too much in it; in words for people.
  std::vector<std::string> problems;
};
// Looks once. A directory that is a symbolic link, not its user's, or open to others is passed
// over, as the Hosts' own programs do.
HostScan FindHostSockets(const HostPlaces& places);

class HostFinder {
 public:
  // `on_scan` is called with the result of each look.
  HostFinder(io::Reactor* reactor, HostPlaces places, std::function<void(const HostScan&)> on_scan);

  // Until `stop`. Where there is no inotify (a limit of the user's) it looks every two seconds.
  io::Task<void> Run(io::StopToken stop);

 private:
  io::Reactor* const reactor_;
  const HostPlaces places_;
  const std::function<void(const HostScan&)> on_scan_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_HOST_FINDER_H_
