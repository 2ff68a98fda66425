#include "server/gate/places.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "io/status.h"
#include "server/control/runtime_directory.h"

namespace mosh::server::gate {
namespace {

constexpr char kMachines[] = "/run/moshd";

std::string UsersConfig() {
  const char* config = getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/') return absl::StrCat(config, "/mosh/moshd.conf");
  const char* home = getenv("HOME");
  return absl::StrCat(home == nullptr ? "" : home, "/.config/mosh/moshd.conf");
}

absl::Status MakeMachinesDirectory() {
  if (mkdir(kMachines, 0755) == 0) {
    // What the umask took away.
    chmod(kMachines, 0755);
    return absl::OkStatus();
  }
  if (errno != EEXIST) return io::ErrnoStatus(errno, kMachines);
  struct stat entry;
  if (lstat(kMachines, &entry) != 0) return io::ErrnoStatus(errno, kMachines);
  const bool ours = S_ISDIR(entry.st_mode) && entry.st_uid == 0 && (entry.st_mode & 022) == 0;
  if (ours) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(kMachines, " must be a directory that only root can write to"));
}

}  // namespace

absl::StatusOr<Places> FindPlaces() {
  if (geteuid() == 0) {
    if (absl::Status s = MakeMachinesDirectory(); !s.ok()) return s;
    const std::string directory = kMachines;
    return Places{.config = "/etc/mosh/moshd.conf",
                  .control = directory + "/gate.sock",
                  .control_mode = 0666,
                  .keeper = directory + "/keeper.sock",
                  .status = directory + "/status.sock",
                  .lock = directory + "/moshd.lock"};
  }
  const absl::StatusOr<std::string> directory = RuntimeDirectory(RuntimePlacesOfProcess());
  if (!directory.ok()) return directory.status();
  return Places{.config = UsersConfig(),
                .control = *directory + "/moshd.sock",
                .control_mode = 0600,
                .keeper = *directory + "/moshd-keeper.sock",
                .status = *directory + "/moshd-status.sock",
                .lock = *directory + "/moshd.lock"};
}

absl::StatusOr<io::OwnedFd> TakeLock(const std::string& path) {
  io::OwnedFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return io::ErrnoStatus(errno, path);
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return io::ErrnoStatus(errno, path);
  return absl::AlreadyExistsError(absl::StrCat("another moshd is running (it holds ", path, ")"));
}

}  // namespace mosh::server::gate
