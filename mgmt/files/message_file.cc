#include "mgmt/files/message_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/util/json_util.h"

namespace mosh::mgmt {
namespace {

constexpr size_t kMaxBytes = 16 * 1024 * 1024;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

absl::Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  if (errno != ENOENT) return absl::ErrnoToStatus(errno, path);
  const std::string parent = DirectoryOf(path);
  if ((mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) || mkdir(path.c_str(), 0700) != 0) {
    return absl::ErrnoToStatus(errno, path);
  }
  return absl::OkStatus();
}

absl::Status WriteAll(int fd, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(fd) != 0) return absl::ErrnoToStatus(errno, path);
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const io::OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return absl::ErrnoToStatus(errno, path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  std::string bytes;
  char part[16 * 1024];
  for (;;) {
    const ssize_t got = read(fd, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, path);
    if (got == 0) return bytes;
    bytes.append(part, static_cast<size_t>(got));
    if (bytes.size() > kMaxBytes) return absl::DataLossError(absl::StrCat(path, ": is too long"));
  }
}

}  // namespace

absl::Status MessageFile::Lock() {
  if (locked()) return absl::OkStatus();
  const absl::Status made = MakeDirectory(DirectoryOf(path_));
  if (!made.ok()) return made;
  const std::string path = absl::StrCat(path_, ".lock");
  io::OwnedFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return absl::ErrnoToStatus(errno, path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " belongs to another mosh-agent that runs"));
  }
  lock_ = std::move(lock);
  return absl::OkStatus();
}

absl::Status MessageFile::Read(google::protobuf::Message* message) const {
  message->Clear();
  const io::OwnedFd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid() && errno == ENOENT) return absl::OkStatus();
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path_);
  const absl::StatusOr<std::string> text = ReadAll(fd.get(), path_);
  if (!text.ok()) return text.status();
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*text, message, options);
  if (parsed.ok()) return absl::OkStatus();
  message->Clear();
  const std::string why(parsed.message().data(), parsed.message().size());
  return absl::DataLossError(absl::StrCat(path_, ": is not understood: ", why));
}

absl::Status MessageFile::Write(const google::protobuf::Message& message) const {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) {
    return absl::InternalError(absl::StrCat(path_, ": JSON can't say it"));
  }
  const std::string fresh = absl::StrCat(path_, ".new");
  {
    const io::OwnedFd fd(
        open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return absl::ErrnoToStatus(errno, fresh);
    const absl::Status written = WriteAll(fd.get(), text, fresh);
    if (!written.ok()) {
      unlink(fresh.c_str());
      return written;
    }
  }
  if (rename(fresh.c_str(), path_.c_str()) != 0) return absl::ErrnoToStatus(errno, path_);
  return SyncDirectory(DirectoryOf(path_));
}

}  // namespace mosh::mgmt
