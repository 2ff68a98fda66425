#include "mgmt/ctl/download.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "io/owned_fd.h"
#include "mgmt/ctl/stream_reader.h"
#include "mgmt/ctl/text.h"
#include "mgmt/recording/sha256.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

constexpr char kGoesOn[] = "\n  The same command goes on where it stopped.";

// What has come, with its hash.
class PartFile {
 public:
  static absl::StatusOr<PartFile> Open(const std::string& path) {
    PartFile part(path);
    part.fd_ = io::OwnedFd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!part.fd_.valid()) return absl::ErrnoToStatus(errno, Harmless(path));
    std::string bytes(256 * 1024, '\0');
    for (;;) {
      const ssize_t got = read(part.fd_.get(), bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return absl::ErrnoToStatus(errno, Harmless(path));
      if (got == 0) return part;
      part.Count(absl::string_view(bytes).substr(0, static_cast<size_t>(got)));
    }
  }

  absl::Status Append(absl::string_view bytes) {
    Count(bytes);
    while (!bytes.empty()) {
      const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return absl::ErrnoToStatus(errno, Harmless(path_));
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }
  void Discard() { unlink(path_.c_str()); }
  absl::Status MoveTo(const std::string& path) {
    if (fsync(fd_.get()) != 0) return absl::ErrnoToStatus(errno, Harmless(path_));
    int failed = renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
    // Some file systems can't look and rename at once.
    if (failed != 0 && errno == EINVAL) failed = rename(path_.c_str(), path.c_str());
    return failed == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, Harmless(path));
  }
  int64_t size() const { return size_; }
  std::string sha256() const { return sha256_.Hex(); }

 private:
  explicit PartFile(std::string path) : path_(std::move(path)) {}
  void Count(absl::string_view bytes) {
    size_ += static_cast<int64_t>(bytes.size());
    sha256_.Add(bytes);
  }

  std::string path_;
  io::OwnedFd fd_;
  int64_t size_ = 0;
  Sha256 sha256_;
};

absl::Status NotTheSame(PartFile* part) {
  part->Discard();
  return absl::DataLossError(
      "what has come is not what was recorded; perhaps what was there was of another recording\n"
      "  It has been removed: the same command begins anew.");
}

}  // namespace

std::string ProgressBar(int64_t done, int64_t size) {
  constexpr int kWidth = 30;
  const double share =
      size <= 0 ? 1 : std::clamp(static_cast<double>(done) / static_cast<double>(size), 0.0, 1.0);
  const int full = static_cast<int>(share * kWidth);
  return absl::StrFormat("[%s%s] %3d%%  %s of %s", std::string(full, '#'),
                         std::string(kWidth - full, ' '), static_cast<int>(share * 100),
                         ByteCount(static_cast<uint64_t>(std::max<int64_t>(done, 0))),
                         ByteCount(static_cast<uint64_t>(std::max<int64_t>(size, 0))));
}

absl::StatusOr<fleet::Recording> DownloadRecording(
    Api& api, const fleet::DownloadRecordingRequest& wanted, const std::string& path,
    const std::function<void(int64_t done, int64_t size)>& progress) {
  if (access(path.c_str(), F_OK) == 0) {
    return absl::AlreadyExistsError(
        absl::StrCat(Harmless(path), " is there already\n  -O FILE writes to another."));
  }
  absl::StatusOr<PartFile> part = PartFile::Open(absl::StrCat(path, ".part"));
  if (!part.ok()) return part.status();
  fleet::DownloadRecordingRequest request = wanted;
  request.set_offset(part->size());
  StreamReader<fleet::DownloadRecordingResponse> reader(
      [stub = api.recordings(), request](grpc::ClientContext* context) {
        return stub->DownloadRecording(context, request);
      });
  std::optional<fleet::Recording> recording;
  std::optional<grpc::Status> end;
  while (!end) {
    if (!WaitForNews(reader, api.timeout())) {
      return api.Explain(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
    }
    while (std::optional<fleet::DownloadRecordingResponse> message = reader.Take()) {
      if (message->has_recording()) recording = message->recording();
      if (!recording) return absl::DataLossError("the agent sends something else");
      if (!message->data().empty()) {
        if (message->offset() != part->size()) return NotTheSame(&*part);
        const absl::Status written = part->Append(message->data());
        if (!written.ok()) return written;
      }
      progress(part->size(), recording->size_bytes());
    }
    end = reader.end();
  }
  if (!end->ok()) {
    const absl::StatusOr<Api*> other = api.Elsewhere(*end);
    if (!other.ok()) return other.status();
    if (*other != nullptr) {
      { const PartFile closed = *std::move(part); }
      return DownloadRecording(**other, wanted, path, progress);
    }
    // More than there is: it was never of this one.
    if (end->error_code() == grpc::StatusCode::OUT_OF_RANGE) return NotTheSame(&*part);
    absl::Status status = api.Explain(*end);
    if (part->size() == 0) {
      part->Discard();
      return status;
    }
    return absl::Status(status.code(), absl::StrCat(absl::string_view(status.message()), kGoesOn));
  }
  if (!recording || part->size() != recording->size_bytes() ||
      part->sha256() != recording->sha256()) {
    return NotTheSame(&*part);
  }
  const absl::Status moved = part->MoveTo(path);
  if (!moved.ok()) return moved;
  return *std::move(recording);
}

}  // namespace mosh::mgmt::ctl
