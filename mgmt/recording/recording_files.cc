#include "mgmt/recording/recording_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::util::TimeUtil;

constexpr size_t kChunk = 256 * 1024;
constexpr size_t kMaxFacts = 64 * 1024;
constexpr char kCutOff[] = "the agent ended while it was being made";

std::string CastPath(const std::string& directory, absl::string_view id) {
  return absl::StrCat(directory, "/", id, ".cast");
}
std::string FactsPath(const std::string& directory, absl::string_view id) {
  return absl::StrCat(directory, "/", id, ".json");
}

absl::Status WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "writing a recording");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const io::OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return absl::ErrnoToStatus(errno, path);
  return absl::OkStatus();
}

// With its parents. Others that are there stay as they are.
absl::Status MakeDirectory(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return absl::ErrnoToStatus(errno, part);
    if (end == std::string::npos) return absl::OkStatus();
  }
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const io::OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path);
  absl::StatusOr<std::string> text = ReadPart(fd.get(), 0, kMaxFacts + 1);
  if (text.ok() && text->size() > kMaxFacts) return absl::DataLossError("is too long");
  return text;
}

absl::StatusOr<fleet::Recording> ReadFacts(const std::string& directory, const std::string& id) {
  const absl::StatusOr<std::string> text = ReadSmallFile(FactsPath(directory, id));
  if (!text.ok()) return text.status();
  fleet::Recording recording;
  google::protobuf::util::JsonParseOptions options;
  // One that a newer version has written.
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*text, &recording, options);
  if (!parsed.ok() || RecordingIdOf(recording.name()) != id) {
    return absl::DataLossError("is not understood");
  }
  return recording;
}

}  // namespace

bool IsRecordingId(absl::string_view id) {
  return !id.empty() && id.size() <= 63 && id[0] != '-' &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

std::string RecordingIdOf(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (name.size() > 256 || parts.size() != 4 || parts[0] != "nodes" || parts[1].empty() ||
      parts[2] != "recordings" || !IsRecordingId(parts[3])) {
    return "";
  }
  return std::string(parts[3]);
}

absl::StatusOr<std::string> ReadPart(int fd, int64_t offset, size_t max) {
  std::string bytes(max, '\0');
  size_t size = 0;
  while (size < max) {
    const ssize_t got =
        pread(fd, bytes.data() + size, max - size, offset + static_cast<int64_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading a recording");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

absl::StatusOr<std::unique_ptr<RecordingFile>> RecordingFile::Create(const std::string& directory,
                                                                     const std::string& id) {
  const std::string path = CastPath(directory, id);
  io::OwnedFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path);
  return std::unique_ptr<RecordingFile>(new RecordingFile(std::move(fd)));
}

absl::Status RecordingFile::Append(absl::string_view lines) {
  const absl::Status status = WriteAll(fd_.get(), lines);
  if (!status.ok()) {
    // Where it can't be cut, it is when the directory is read anew.
    [[maybe_unused]] const bool cut =
        ftruncate(fd_.get(), size_) == 0 && lseek(fd_.get(), size_, SEEK_SET) == size_;
    return status;
  }
  size_ += static_cast<int64_t>(lines.size());
  sha256_.Add(lines);
  return absl::OkStatus();
}

absl::Status RecordingFile::Sync() {
  if (fsync(fd_.get()) != 0) return absl::ErrnoToStatus(errno, "writing a recording to the disk");
  return absl::OkStatus();
}

absl::Status RecordingDirectory::Lock() {
  if (locked()) return absl::OkStatus();
  const absl::Status made = MakeDirectory(path_);
  if (!made.ok()) return made;
  struct stat facts;
  if (lstat(path_.c_str(), &facts) != 0) return absl::ErrnoToStatus(errno, path_);
  if (!S_ISDIR(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " must be a directory of the agent's user with mode 0700"));
  }
  const std::string path = absl::StrCat(path_, "/.lock");
  io::OwnedFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return absl::ErrnoToStatus(errno, path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " belongs to another mosh-agent that runs"));
  }
  lock_ = std::move(lock);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<fleet::Recording>> RecordingDirectory::Read(
    absl::string_view node, absl::Time now, std::vector<std::string>* problems) {
  std::vector<fleet::Recording> recordings;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path_.c_str()), closedir);
  if (directory == nullptr) {
    if (errno == ENOENT) return recordings;
    return absl::ErrnoToStatus(errno, path_);
  }
  while (const dirent* const entry = readdir(directory.get())) {
    absl::string_view name = entry->d_name;
    if (!absl::ConsumeSuffix(&name, ".json") || !IsRecordingId(name)) continue;
    const std::string id(name);
    absl::StatusOr<fleet::Recording> recording = ReadFacts(path_, id);
    absl::Status status = recording.status();
    if (status.ok() && recording->state() == fleet::Recording::RECORDING && locked()) {
      status = Repair(now, &*recording);
    }
    if (!status.ok()) {
      problems->push_back(
          absl::StrCat(path_, "/", entry->d_name, ": ", absl::string_view(status.message())));
      continue;
    }
    recording->set_name(absl::StrCat(node, "/recordings/", id));
    recordings.push_back(*std::move(recording));
  }
  return recordings;
}

absl::Status RecordingDirectory::Repair(absl::Time now, fleet::Recording* recording) const {
  const std::string path = CastPath(path_, RecordingIdOf(recording->name()));
  const io::OwnedFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path);
  // Whole lines are hashed; of the rest it isn't known yet whether it is one.
  Sha256 sha256;
  std::string rest;
  int64_t end = 0, offset = 0, frames = 0;
  for (;;) {
    const absl::StatusOr<std::string> chunk = ReadPart(fd.get(), offset, kChunk);
    if (!chunk.ok()) return chunk.status();
    if (chunk->empty()) break;
    offset += static_cast<int64_t>(chunk->size());
    const size_t last = chunk->rfind('\n');
    if (last == std::string::npos) {
      rest += *chunk;
      continue;
    }
    const absl::string_view whole = absl::string_view(*chunk).substr(0, last + 1);
    sha256.Add(rest);
    sha256.Add(whole);
    end += static_cast<int64_t>(rest.size() + whole.size());
    frames += std::count(whole.begin(), whole.end(), '\n');
    rest = chunk->substr(last + 1);
  }
  if (ftruncate(fd.get(), end) != 0 || fsync(fd.get()) != 0) {
    return absl::ErrnoToStatus(errno, path);
  }
  struct stat facts;
  if (fstat(fd.get(), &facts) != 0) return absl::ErrnoToStatus(errno, path);
  recording->set_state(fleet::Recording::FAILED);
  recording->set_end_reason(kCutOff);
  recording->set_size_bytes(end);
  // But for the header; resizes count too, which is near enough.
  recording->set_frame_count(std::max<int64_t>(0, frames - 1));
  recording->set_sha256(sha256.Hex());
  *recording->mutable_end_time() = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(now));
  return WriteFacts(*recording);
}

absl::Status RecordingDirectory::WriteFacts(const fleet::Recording& recording) const {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(recording, &text, options).ok()) {
    return absl::InternalError("a recording's facts can't be told in JSON");
  }
  const std::string path = FactsPath(path_, RecordingIdOf(recording.name()));
  const std::string fresh = absl::StrCat(path, ".new");
  {
    const io::OwnedFd fd(
        open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return absl::ErrnoToStatus(errno, fresh);
    absl::Status written = WriteAll(fd.get(), text);
    if (written.ok() && fsync(fd.get()) != 0) written = absl::ErrnoToStatus(errno, fresh);
    if (!written.ok()) {
      unlink(fresh.c_str());
      return written;
    }
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return absl::ErrnoToStatus(errno, path);
  return SyncDirectory(path_);
}

absl::Status RecordingDirectory::Remove(const std::string& id) const {
  // Facts without a file would be a recording; a file without is none.
  for (const std::string& path : {FactsPath(path_, id), CastPath(path_, id)}) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return absl::ErrnoToStatus(errno, path);
  }
  return SyncDirectory(path_);
}

absl::StatusOr<io::OwnedFd> RecordingDirectory::OpenCast(const std::string& id) const {
  const std::string path = CastPath(path_, id);
  io::OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path);
  return fd;
}

}  // namespace mosh::mgmt
