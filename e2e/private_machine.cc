#include "e2e/private_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "e2e/tools.h"

namespace mosh::e2e {
namespace {

constexpr char kFolder[] = "/run/machine";

PrivateMachine::Users& KnownUsers() {
  static PrivateMachine::Users& users = *new PrivateMachine::Users;
  return users;
}

std::string HomeOf(const std::string& user) { return absl::StrCat(kFolder, "/home-", user); }

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void MakeFolder(const std::string& path, mode_t mode, uid_t owner = 0) {
  CHECK(mkdir(path.c_str(), mode) == 0);
  CHECK(chmod(path.c_str(), mode) == 0);
  CHECK(chown(path.c_str(), owner, owner) == 0);
}

// Puts a file with this content in the place of another.
void Replace(const std::string& path, absl::string_view content) {
  const std::string mine = absl::StrCat(kFolder, "/etc-", path.substr(path.rfind('/') + 1));
  WriteFile(mine, content);
  CHECK(mount(mine.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0);
}

void BringUpLoopback() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request = {};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  close(fd);
}

}  // namespace

std::string PrivateMachine::Enter(const Users& users, const std::vector<std::string>& programs) {
  if (geteuid() != 0) return "only root can have users of its own";
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) {
    return absl::StrCat("namespaces are forbidden here: ", strerror(errno));
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) {
    return absl::StrCat("mounts are forbidden here: ", strerror(errno));
  }
  BringUpLoopback();
  MakeFolder(kFolder, 0755);
  MakeFolder("/run/user", 0755);
  KnownUsers() = users;
  std::string passwd = ReadAll("/etc/passwd");
  std::string group = ReadAll("/etc/group");
  for (const auto& [name, uid] : users) {
    absl::StrAppend(&passwd, name, ":x:", uid, ":", uid, "::", HomeOf(name), ":/bin/sh\n");
    absl::StrAppend(&group, name, ":x:", uid, ":\n");
    MakeFolder(HomeOf(name), 0700, uid);
    MakeFolder(absl::StrCat("/run/user/", uid), 0700, uid);
  }
  Replace("/etc/passwd", passwd);
  Replace("/etc/group", group);
  for (const std::string& program : programs) {
    WriteFile(Program(program.substr(program.rfind('/') + 1)), ReadAll(program), 0755);
  }
  return "";
}

std::string PrivateMachine::Program(absl::string_view name) {
  return absl::StrCat(kFolder, "/", name);
}

std::string PrivateMachine::Folder() { return kFolder; }

std::vector<std::string> PrivateMachine::As(const std::string& user,
                                            std::vector<std::string> argv) {
  const std::string number = absl::StrCat(KnownUsers().at(user));
  std::vector<std::string> words = {"setpriv", absl::StrCat("--reuid=", number),
                                    absl::StrCat("--regid=", number), "--clear-groups", "--"};
  words.insert(words.end(), std::make_move_iterator(argv.begin()),
               std::make_move_iterator(argv.end()));
  return words;
}

uid_t PrivateMachine::UidOf(const std::string& user) { return KnownUsers().at(user); }

Environment PrivateMachine::EnvironmentOf(const std::string& user, absl::string_view mark) {
  Environment environment = BaseEnvironment(mark);
  environment["HOME"] = HomeOf(user);
  environment["USER"] = user;
  environment["LOGNAME"] = user;
  environment["XDG_RUNTIME_DIR"] = absl::StrCat("/run/user/", KnownUsers().at(user));
  environment.erase("MOSHD_SOCKET");  // moshd is asked where it is looked for
  return environment;
}

void PrivateMachine::AddPamService(const std::string& name, absl::string_view content) {
  const std::string folder = absl::StrCat(kFolder, "/pam.d");
  if (mkdir(folder.c_str(), 0755) == 0) {
    CHECK(mount(folder.c_str(), "/etc/pam.d", nullptr, MS_BIND, nullptr) == 0);
  }
  WriteFile(absl::StrCat(folder, "/", name), content);
}

}  // namespace mosh::e2e
