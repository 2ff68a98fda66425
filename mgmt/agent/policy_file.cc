#include "mgmt/agent/policy_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "io/owned_fd.h"

namespace mosh::mgmt {
namespace {

constexpr size_t kMaxSize = 1024 * 1024;

}  // namespace

absl::StatusOr<Policy> ReadPolicyFile(const std::string& path, uid_t own_uid) {
  if (path.empty()) return Policy(own_uid);
  const io::OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts;
  if (!file.valid() || fstat(file.get(), &facts) != 0) return absl::ErrnoToStatus(errno, path);
  if ((facts.st_uid != 0 && facts.st_uid != own_uid) ||
      (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        path, " must belong to root or the agent's user, and nobody else may write it"));
  }
  std::string text(kMaxSize + 1, '\0');
  size_t length = 0;
  for (ssize_t got; length < text.size() &&
                    (got = read(file.get(), text.data() + length, text.size() - length)) > 0;) {
    length += static_cast<size_t>(got);
  }
  if (length > kMaxSize)
    return absl::InvalidArgumentError(absl::StrCat(path, ": longer than 1 MiB"));
  text.resize(length);
  absl::StatusOr<Policy> policy = Policy::Parse(text, own_uid);
  if (policy.ok()) return policy;
  return absl::Status(policy.status().code(),
                      absl::StrCat(path, ": ", absl::string_view(policy.status().message())));
}

}  // namespace mosh::mgmt
