#include "server/control/runtime_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mosh::server {
namespace {

bool IsDirectoryOf(const std::string& path, uid_t uid) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == uid;
}

std::string Choose(const RuntimePlaces& places) {
  const std::string& xdg = places.xdg_runtime_dir;
  if (!xdg.empty() && xdg[0] == '/' && IsDirectoryOf(xdg, places.uid)) {
    return absl::StrCat(xdg, "/mosh");
  }
  const std::string run = absl::StrCat(places.root, "/run/user/", places.uid);
  if (IsDirectoryOf(run, places.uid)) return absl::StrCat(run, "/mosh");
  return absl::StrCat(places.root, "/tmp/mosh-", places.uid);
}

}  // namespace

RuntimePlaces RuntimePlacesOfProcess() {
  const char* xdg = getenv("XDG_RUNTIME_DIR");
  return {.xdg_runtime_dir = xdg != nullptr ? xdg : "", .uid = getuid(), .root = ""};
}

absl::StatusOr<std::string> RuntimeDirectory(const RuntimePlaces& places) {
  const std::string path = Choose(places);
  if (absl::Status s = MakePrivateDirectory(path, places.uid); !s.ok()) return s;
  return path;
}

absl::Status MakePrivateDirectory(const std::string& path, uid_t uid) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return absl::ErrnoToStatus(errno, path);
  // Whatever is there now: in /tmp anybody may have been faster.
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, path);
  if (!S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is no directory; remove it, or set XDG_RUNTIME_DIR"));
  }
  if (info.st_uid != uid) {
    return absl::PermissionDeniedError(absl::StrCat(path, ": belongs to user ", info.st_uid,
                                                    "; remove it, or set XDG_RUNTIME_DIR"));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "%s: is open to other users (mode %o); chmod 700 it", path, info.st_mode & 07777));
  }
  return absl::OkStatus();
}

}  // namespace mosh::server
