#include "mgmt/agent/caller.h"

#include <grp.h>
#include <pwd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::mgmt {
namespace {

// Larger than any entry that people have; a group of many members is long.
constexpr size_t kEntrySize = 256 * 1024;
// More groups than a process can be in (NGROUPS_MAX) nobody has.
constexpr int kMaxGroups = 65536;

}  // namespace

Caller LocalCaller(uid_t uid) {
  Caller caller;
  caller.uid = uid;
  caller.short_name = absl::StrCat(uid);
  caller.principals = {"local:*", absl::StrCat("local:", uid)};
  std::string buffer(kEntrySize, '\0');
  passwd entry;
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    caller.short_name = entry.pw_name;
    caller.principals.push_back(absl::StrCat("local:", entry.pw_name));
    int count = 64;
    std::vector<gid_t> groups(count);
    if (getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0 &&
        count <= kMaxGroups) {
      groups.resize(count);
      if (getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) count = 0;
    }
    groups.resize(count);
    for (const gid_t gid : groups) {
      group group_entry;
      group* group_found = nullptr;
      std::string group_buffer(kEntrySize, '\0');
      if (getgrgid_r(gid, &group_entry, group_buffer.data(), group_buffer.size(), &group_found) ==
              0 &&
          group_found != nullptr) {
        caller.principals.push_back(absl::StrCat("group:", group_entry.gr_name));
      }
    }
  }
  caller.name = absl::StrCat("local:", caller.short_name, "(", uid, ")");
  return caller;
}

bool IsPrincipal(absl::string_view text) {
  for (const absl::string_view prefix :
       {"local:", "group:", "cert:CN=", "cert:DNS=", "cert:URI=", "cert:EMAIL="}) {
    if (absl::StartsWith(text, prefix)) return text.size() > prefix.size();
  }
  return text == "cert:*";
}

}  // namespace mosh::mgmt
