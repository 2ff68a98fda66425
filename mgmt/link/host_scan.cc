// Which directories to look into, and what is in them.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "io/owned_fd.h"
#include "mgmt/link/host_finder.h"

namespace mosh::mgmt {
namespace {

// Sockets in one directory. Whoever has more than these has something else in mind.
constexpr size_t kMaxSockets = 16'384;
constexpr size_t kMaxProblems = 20;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

// Null with errno; symbolic links are not followed.
Folder OpenFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return nullptr;
  DIR* const folder = fdopendir(fd);
  if (folder == nullptr) close(fd);
  return Folder(folder);
}

template <class Visit>
void ForEachEntry(DIR* folder, const Visit& visit) {
  while (const dirent* entry = readdir(folder)) {
    if (!visit(absl::string_view(entry->d_name))) return;
  }
}

class Scan {
 public:
  explicit Scan(const HostPlaces& places) : places_(places) {}

  HostScan Run() {
    if (!places_.xdg_runtime_dir.empty() && places_.xdg_runtime_dir[0] == '/') {
      LookInto(absl::StrCat(places_.xdg_runtime_dir, "/mosh"), places_.uid);
    }
    LookInto(absl::StrCat(places_.root, "/run/user/", places_.uid, "/mosh"), places_.uid);
    LookInto(absl::StrCat(places_.root, "/tmp/mosh-", places_.uid), places_.uid);
    if (places_.everybodys) {
      LookIntoAll(absl::StrCat(places_.root, "/run/user"), "", "/mosh");
      LookIntoAll(absl::StrCat(places_.root, "/tmp"), "mosh-", "");
    }
    std::sort(result_.sockets.begin(), result_.sockets.end());
    // In /tmp anybody can make as many as he likes.
    if (result_.problems.size() > kMaxProblems) {
      const size_t more = result_.problems.size() - kMaxProblems;
      result_.problems.resize(kMaxProblems);
      result_.problems.push_back(absl::StrCat("and ", more, " more directories like these"));
    }
    return std::move(result_);
  }

 private:
  // Every user's in `above`, whose name is the prefix and the user's number.
  void LookIntoAll(const std::string& above, absl::string_view prefix, absl::string_view suffix) {
    Watch(above, std::string(prefix));
    const Folder folder = OpenFolder(above);
    if (folder == nullptr) return;
    ForEachEntry(folder.get(), [&](absl::string_view name) {
      absl::string_view number = name;
      uid_t uid;
      if (absl::ConsumePrefix(&number, prefix) && absl::SimpleAtoi(number, &uid)) {
        LookInto(absl::StrCat(above, "/", name, suffix), uid);
      }
      return true;
    });
  }

  void LookInto(const std::string& directory, uid_t owner) {
    if (!seen_.insert(directory).second) return;
    const Folder folder = OpenFolder(directory);
    if (folder == nullptr) {
      if (errno != ENOENT)
        result_.problems.push_back(absl::StrCat(directory, ": ", strerror(errno)));
      return WatchAbove(directory);
    }
    // Who made it gets it right later, or it is removed and made anew.
    WatchAbove(directory);
    struct stat info;
    if (fstat(dirfd(folder.get()), &info) != 0) return;
    if (info.st_uid != owner || (info.st_mode & 077) != 0) {
      result_.problems.push_back(absl::StrCat(directory, info.st_uid != owner
                                                             ? ": belongs to another user"
                                                             : ": is open to other users"));
      return;
    }
    Watch(directory, "");
    Collect(directory, folder.get(), owner);
  }

  void Collect(const std::string& directory, DIR* folder, uid_t owner) {
    size_t count = 0;
    ForEachEntry(folder, [&](absl::string_view name) {
      absl::string_view number = name;
      pid_t pid;
      struct stat info;
      if (!absl::ConsumeSuffix(&number, ".sock") || !absl::SimpleAtoi(number, &pid) || pid <= 0 ||
          fstatat(dirfd(folder), std::string(name).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
          !S_ISSOCK(info.st_mode) || info.st_uid != owner) {
        return true;
      }
      if (++count > kMaxSockets) {
        result_.problems.push_back(
            absl::StrCat(directory, ": only ", kMaxSockets, " of its sockets are looked at"));
        return false;
      }
      result_.sockets.push_back({.path = absl::StrCat(directory, "/", name), .owner = owner});
      return true;
    });
  }

  // The nearest directory above that exists tells when `path` comes nearer to existing.
  void WatchAbove(absl::string_view path) {
    while (true) {
      const size_t slash = path.rfind('/');
      if (slash == absl::string_view::npos) return;
      const std::string above(slash == 0 ? "/" : path.substr(0, slash));
      const std::string name(path.substr(slash + 1));
      if (above == "/" || access(above.c_str(), F_OK) == 0) return Watch(above, name);
      path = path.substr(0, slash);
    }
  }

  void Watch(const std::string& path, const std::string& prefix) {
    // Once with the prefix of all its names is enough.
    for (WatchedDirectory& known : result_.watched) {
      if (known.path != path) continue;
      if (absl::StartsWith(prefix, known.prefix)) return;
      if (absl::StartsWith(known.prefix, prefix)) {
        known.prefix = prefix;
        return;
      }
    }
    if (access(path.c_str(), F_OK) != 0) return WatchAbove(path);
    result_.watched.push_back({.path = path, .prefix = prefix});
  }

  const HostPlaces& places_;
  std::set<std::string> seen_;
  HostScan result_;
};

}  // namespace

HostPlaces HostPlacesOfProcess() {
  const char* const xdg = getenv("XDG_RUNTIME_DIR");
  return {.everybodys = geteuid() == 0,
          .uid = geteuid(),
          .xdg_runtime_dir = xdg != nullptr ? xdg : "",
          .root = ""};
}

HostScan FindHostSockets(const HostPlaces& places) { return Scan(places).Run(); }

}  // namespace mosh::mgmt
