#include "server/gate/identity.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/status.h"

namespace mosh::server::gate {
namespace {

constexpr int kMostGroups = 65'536;

bool Contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// The first of `names` that is in the list, or nothing.
std::string FirstIn(const std::vector<std::string>& list, const std::vector<std::string>& names) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&list](const auto& name) { return Contains(list, name); });
  return found == names.end() ? "" : *found;
}

std::vector<std::string> GroupsOf(const Identity& who) {
  std::vector<gid_t> numbers(64);
  int count = static_cast<int>(numbers.size());
  while (getgrouplist(who.name.c_str(), who.gid, numbers.data(), &count) < 0) {
    if (numbers.size() >= kMostGroups) return {};
    numbers.resize(numbers.size() * 4);
    count = static_cast<int>(numbers.size());
  }
  numbers.resize(static_cast<size_t>(count));
  std::vector<std::string> names;
  for (const gid_t number : numbers) {
    if (const group* entry = getgrgid(number)) names.push_back(entry->gr_name);
  }
  return names;
}

}  // namespace

absl::StatusOr<Identity> LookUp(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  if (entry == nullptr) return absl::NotFoundError(absl::StrCat("there is no user ", uid));
  Identity who{.name = entry->pw_name,
               .uid = entry->pw_uid,
               .gid = entry->pw_gid,
               .home = entry->pw_dir,
               .shell = entry->pw_shell};
  who.groups = GroupsOf(who);
  return who;
}

absl::Status CheckAllowed(const Config& config, const Identity& who) {
  if (Contains(config.deny_users, who.name)) {
    return absl::PermissionDeniedError(absl::StrCat("deny_users names ", who.name));
  }
  if (const std::string group = FirstIn(config.deny_groups, who.groups); !group.empty()) {
    return absl::PermissionDeniedError(
        absl::StrCat("deny_groups names ", group, ", a group of ", who.name, "'s"));
  }
  if (config.allow_users.empty() && config.allow_groups.empty()) return absl::OkStatus();
  if (Contains(config.allow_users, who.name)) return absl::OkStatus();
  if (!FirstIn(config.allow_groups, who.groups).empty()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("neither allow_users nor allow_groups names ", who.name));
}

absl::Status BecomeUser(const Identity& who) {
  if (initgroups(who.name.c_str(), who.gid) != 0) return io::ErrnoStatus(errno, "initgroups");
  if (setresgid(who.gid, who.gid, who.gid) != 0) return io::ErrnoStatus(errno, "setresgid");
  if (setresuid(who.uid, who.uid, who.uid) != 0) return io::ErrnoStatus(errno, "setresuid");
  // Belt and braces: there must be no way back.
  if (who.uid != 0 && setuid(0) == 0) return absl::InternalError("still root after setresuid");
  return absl::OkStatus();
}

absl::Status GiveUpPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return io::ErrnoStatus(errno, "no_new_privs");
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return io::ErrnoStatus(errno, "capget");
  const __u32 low_ports = __u32{1} << CAP_NET_BIND_SERVICE;
  const __u32 kept = data[0].permitted & low_ports;
  data[0] = {.effective = kept, .permitted = kept, .inheritable = 0};
  data[1] = {};
  if (syscall(SYS_capset, &header, data) != 0) return io::ErrnoStatus(errno, "capset");
  return absl::OkStatus();
}

}  // namespace mosh::server::gate
