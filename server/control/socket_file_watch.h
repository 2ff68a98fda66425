// Notices that the file of a listening socket has been removed, and when it can be made again.
//
// logind clears /run/user/UID away when the user's last login ends, and mounts a new one at the
// next: a session that was left running would never be found again. Costs nothing while nothing
// happens in the folders concerned (inotify).
#ifndef SERVER_CONTROL_SOCKET_FILE_WATCH_H_
#define SERVER_CONTROL_SOCKET_FILE_WATCH_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "io/owned_fd.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::server {

class SocketFileWatch {
 public:
  // Of the file that is at `path` now.
  explicit SocketFileWatch(absl::string_view path);

  const std::string& path() const { return path_; }
  // Whether that file is still there, and not another.
  bool Stands() const;
  // From now on it is the one that is there now.
  void Renew();

  // Until something has changed in the file's folder or in one of the two above it.
  // kUnavailable: this can't be watched. kCancelled.
  io::Task<absl::Status> WaitForChange(io::Reactor* reactor, io::StopToken stop);

 private:
  void WatchFolders();

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  io::OwnedFd inotify_;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_SOCKET_FILE_WATCH_H_
