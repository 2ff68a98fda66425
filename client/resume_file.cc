#include "client/resume_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "client/sequence_lease.h"
#include "crypto/route_tag.h"

namespace mosh::client {
namespace {

constexpr char kSuffix[] = ".session";
// Far beyond any that we write.
constexpr size_t kMostBytes = 4096;

absl::Status Errno(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", strerror(errno)));
}

std::string PathOf(absl::string_view folder, absl::string_view id) {
  return absl::StrCat(folder, "/", id, kSuffix);
}

bool IsId(absl::string_view id) {
  return !id.empty() && id.size() <= 32 &&
         id.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

// Makes the folder, and those above it, if they are not there. It must be the user's alone.
absl::StatusOr<io::OwnedFd> OpenFolder(const std::string& folder) {
  for (size_t at = folder.find('/', 1); at != std::string::npos; at = folder.find('/', at + 1)) {
    if (mkdir(folder.substr(0, at).c_str(), 0700) != 0 && errno != EEXIST) return Errno(folder);
  }
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Errno(folder);
  io::OwnedFd opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!opened.valid() || fstat(opened.get(), &info) != 0) return Errno(folder);
  if (info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat(folder, " belongs to somebody else"));
  }
  if ((info.st_mode & 077) != 0 && fchmod(opened.get(), 0700) != 0) return Errno(folder);
  return opened;
}

// Opens and locks. kFailedPrecondition: somebody has the lock.
absl::StatusOr<io::OwnedFd> OpenLocked(const std::string& path) {
  while (true) {
    io::OwnedFd file(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid()) {
      return errno == ENOENT ? absl::NotFoundError("there is no such session") : Errno(path);
    }
    struct stat opened, named;
    if (fstat(file.get(), &opened) != 0) return Errno(path);
    if (!S_ISREG(opened.st_mode) || opened.st_uid != geteuid() || (opened.st_mode & 077) != 0) {
      return absl::DataLossError("the file is not the user's alone");
    }
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return Errno(path);
      return absl::FailedPreconditionError("a running client has it");
    }
    // Its holder may have put another one in its place meanwhile.
    if (stat(path.c_str(), &named) != 0) continue;
    if (named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) return file;
  }
}

absl::StatusOr<ResumeState> ReadState(const io::OwnedFd& file) {
  std::array<char, kMostBytes> text;
  const ssize_t size = pread(file.get(), text.data(), text.size(), 0);
  if (size < 0) return Errno("read");
  absl::StatusOr<ResumeState> state =
      ParseResumeState(absl::string_view(text.data(), static_cast<size_t>(size)));
  explicit_bzero(text.data(), text.size());
  return state;
}

absl::Status WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Errno("write");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

ResumeFile::ResumeFile(std::string folder, std::string id, ResumeState state)
    : folder_(std::move(folder)), id_(std::move(id)), unwritten_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<ResumeFile>> ResumeFile::Open(const std::string& folder,
                                                             const std::string& id) {
  if (!IsId(id)) return absl::NotFoundError("there is no such session");
  absl::StatusOr<io::OwnedFd> file = OpenLocked(PathOf(folder, id));
  if (!file.ok()) return file.status();
  auto opened = std::unique_ptr<ResumeFile>(new ResumeFile(folder, id, *std::move(file)));
  if (const auto state = opened->Read(); !state.ok()) return state.status();
  return opened;
}

absl::StatusOr<ResumeState> ResumeFile::Read() const { return ReadState(file_); }

absl::StatusOr<ClientProcess> ResumeFile::Begin() {
  absl::StatusOr<ResumeState> state = Read();
  if (!state.ok()) return state.status();
  const crypto::SequenceNumber end = crypto::RouteTag::Of(state->key).LastSequence();
  ClientProcess process;
  process.incarnation = ++state->incarnation;
  process.first = state->next;
  process.last = {std::min(state->next.value + (SequenceLease::kLength - 1), end.value)};
  state->next = {process.last.value + 1};
  const absl::Status written = Write(*state);
  if (!written.ok()) return written;
  return process;
}

absl::Status ResumeFile::Lease(crypto::SequenceNumber last) {
  if (unwritten_.has_value()) {
    unwritten_->next = {last.value + 1};
    absl::Status written = Write(*unwritten_);
    if (written.ok()) unwritten_.reset();
    return written;
  }
  absl::StatusOr<ResumeState> state = Read();
  if (!state.ok()) return state.status();
  state->next = {last.value + 1};
  return Write(*state);
}

absl::Status ResumeFile::Write(const ResumeState& state) {
  const absl::StatusOr<io::OwnedFd> folder = OpenFolder(folder_);
  if (!folder.ok()) return folder.status();
  const std::string name = absl::StrCat(id_, kSuffix);
  const std::string draft = absl::StrCat(".", id_, ".new");
  // Left by a process that died here.
  if (unlinkat(folder->get(), draft.c_str(), 0) != 0 && errno != ENOENT) return Errno(draft);
  io::OwnedFd file(openat(folder->get(), draft.c_str(),
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid() || flock(file.get(), LOCK_EX | LOCK_NB) != 0) return Errno(draft);
  std::string text = EncodeResumeState(state);
  absl::Status written = WriteAll(file.get(), text);
  explicit_bzero(text.data(), text.size());
  if (written.ok() && fsync(file.get()) != 0) written = Errno("fsync");
  if (written.ok() && renameat(folder->get(), draft.c_str(), folder->get(), name.c_str()) != 0) {
    written = Errno("rename");
  }
  if (!written.ok()) {
    unlinkat(folder->get(), draft.c_str(), 0);
    return written;
  }
  file_ = std::move(file);
  return fsync(folder->get()) == 0 ? absl::OkStatus() : Errno(folder_);
}

absl::Status ResumeFile::Forget() {
  unwritten_.reset();
  if (!exists()) return absl::OkStatus();
  if (unlink(PathOf(folder_, id_).c_str()) != 0 && errno != ENOENT) return Errno("unlink");
  file_ = io::OwnedFd();
  return absl::OkStatus();
}

std::string ResumeFolder(const Environment& environment) {
  const std::string state = environment("XDG_STATE_HOME").value_or("");
  if (absl::StartsWith(state, "/")) return absl::StrCat(state, "/mosh");
  const std::string home = environment("HOME").value_or("");
  return absl::StartsWith(home, "/") ? absl::StrCat(home, "/.local/state/mosh") : "";
}

std::string NewResumeId(const std::string& folder, crypto::RandomSource& random) {
  while (true) {
    std::array<uint8_t, 3> bytes;
    random.Fill(bytes);
    std::string id = absl::StrFormat("%02x%02x%02x", bytes[0], bytes[1], bytes[2]);
    if (access(PathOf(folder, id).c_str(), F_OK) != 0) return id;
  }
}

std::vector<ResumableSession> ListResumable(const std::string& folder) {
  std::vector<ResumableSession> sessions;
  DIR* const opened = opendir(folder.c_str());
  if (opened == nullptr) return sessions;
  while (const dirent* entry = readdir(opened)) {
    absl::string_view id = entry->d_name;
    if (!absl::ConsumeSuffix(&id, kSuffix) || !IsId(id)) continue;
    ResumableSession session;
    session.id = std::string(id);
    session.path = PathOf(folder, id);
    // Reading needs no lock, since files are never changed; holding it shows that nobody has it.
    const absl::StatusOr<io::OwnedFd> file = OpenLocked(session.path);
    if (absl::IsNotFound(file.status())) continue;
    session.in_use = absl::IsFailedPrecondition(file.status());
    session.status = file.status();
    const io::OwnedFd unlocked(open(session.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if ((file.ok() || session.in_use) && unlocked.valid()) {
      const absl::StatusOr<ResumeState> state = ReadState(unlocked);
      if (!state.ok()) {
        session.status = state.status();
      } else {
        session.target = state->target;
        session.started = state->started;
      }
    }
    sessions.push_back(std::move(session));
  }
  closedir(opened);
  std::sort(sessions.begin(), sessions.end(), [](const auto& a, const auto& b) {
    return a.started != b.started ? a.started > b.started : a.id < b.id;
  });
  return sessions;
}

}  // namespace mosh::client
