// A directory of recordings: of each, ID.cast, which is what is played, and ID.json, what is known
// about it, written when it begins and when it has ended. Made for one process at a time, by a
// lock. Everything here waits for the disk.
#ifndef MGMT_RECORDING_RECORDING_FILES_H_
#define MGMT_RECORDING_RECORDING_FILES_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "io/owned_fd.h"
#include "mgmt/recording/sha256.h"
#include "mosh/fleet/v1/recording_service.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

// 1 to 63 lower-case letters, digits and hyphens, not beginning with one.
bool IsRecordingId(absl::string_view id);
// Of "nodes/NODE/recordings/ID"; empty: it is no such name.
std::string RecordingIdOf(absl::string_view name);

// A recording's file while it is written.
class RecordingFile {
 public:
  // kAlreadyExists: there is one of that id.
  static absl::StatusOr<std::unique_ptr<RecordingFile>> Create(const std::string& directory,
                                                               const std::string& id);
  // All of it, or nothing: an error leaves the file as it was, so that it ends in a whole line.
  absl::Status Append(absl::string_view lines);
  // On the disk. Nothing may follow.
  absl::Status Sync();
  int64_t size() const { return size_; }
  std::string sha256() const { return sha256_.Hex(); }

 private:
  explicit RecordingFile(io::OwnedFd fd) : fd_(std::move(fd)) {}
  io::OwnedFd fd_;
  int64_t size_ = 0;
  Sha256 sha256_;
};

class RecordingDirectory {
 public:
  explicit RecordingDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool locked() const { return lock_.valid(); }
  // Makes it (0700) if there is none, and keeps other processes from writing into it.
  // kFailedPrecondition: another one writes, or it is not the user's alone.
  absl::Status Lock();

  // All there are, in no order; none if there is no directory. With the lock, those that were never
  // ended are: cut to whole lines, FAILED. What can't be understood is left alone, and named in
  // `problems`. The names are of `node`, "nodes/NODE", whatever the node was called before.
  absl::StatusOr<std::vector<fleet::Recording>> Read(absl::string_view node, absl::Time now,
                                                     std::vector<std::string>* problems);
  absl::Status WriteFacts(const fleet::Recording& recording) const;
  absl::Status Remove(const std::string& id) const;
  absl::StatusOr<io::OwnedFd> OpenCast(const std::string& id) const;

 private:
  absl::Status Repair(absl::Time now, fleet::Recording* recording) const;

  const std::string path_;
  io::OwnedFd lock_;
};

// At most `max` bytes of a file from `offset` on; empty at its end.
absl::StatusOr<std::string> ReadPart(int fd, int64_t offset, size_t max);

}  // namespace mosh::mgmt

#endif  // MGMT_RECORDING_RECORDING_FILES_H_
