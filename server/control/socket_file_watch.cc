#include "server/control/socket_file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace mosh::server {
namespace {

constexpr int kFolders = 3;  // of /run/user/UID/mosh/PID.sock: up to /run/user
constexpr uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                             IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;

}  // namespace

SocketFileWatch::SocketFileWatch(absl::string_view path)
    : path_(path), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  Renew();
  WatchFolders();
}

bool SocketFileWatch::Stands() const {
  struct stat file;
  return lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_;
}

void SocketFileWatch::Renew() {
  struct stat file;
  if (lstat(path_.c_str(), &file) != 0) return;
  device_ = file.st_dev;
  inode_ = file.st_ino;
}

// Folders that are watched already stay so; those that are new are added.
void SocketFileWatch::WatchFolders() {
  std::string folder = path_;
  for (int i = 0; i < kFolders; ++i) {
    folder.resize(folder.rfind('/'));
    if (folder.empty()) return;
    // /tmp is busy, and stays.
    if (i > 0 && folder == "/tmp") return;
    static_cast<void>(inotify_add_watch(inotify_.get(), folder.c_str(), kEvents));
  }
}

io::Task<absl::Status> SocketFileWatch::WaitForChange(io::Reactor* reactor, io::StopToken stop) {
  if (!inotify_.valid()) co_return absl::UnavailableError("no inotify instance is left");
  WatchFolders();
  const absl::Status ready = co_await reactor->WaitReadable(inotify_.get(), stop);
  std::array<char, 4096> events;
  while (read(inotify_.get(), events.data(), events.size()) > 0) continue;
  co_return ready;
}

}  // namespace mosh::server
