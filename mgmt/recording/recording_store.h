// RecordingStore: the loop's side of a directory of recordings: what there are, how much room they
// take and how much is left. Files are read and written by a Worker. Loop thread only.
#ifndef MGMT_RECORDING_RECORDING_STORE_H_
#define MGMT_RECORDING_RECORDING_STORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "io/event.h"
#include "io/owned_fd.h"
#include "io/task.h"
#include "mgmt/agent/worker.h"
#include "mgmt/recording/recording_files.h"

namespace mosh::mgmt {

class RecordingStore {
 public:
  struct Context {
    std::string directory;  // absolute
    std::string node;       // "nodes/NODE"
    int64_t max_bytes = 0;  // of all files together
    Worker* worker;         // outlives it; null: files are read and written in the loop
    std::function<absl::Time()> wall_clock;
  };
  explicit RecordingStore(Context context)
      : context_(std::move(context)), directory_(context_.directory) {}

  // What there are. If another process writes, as it has left them a moment ago.
  io::Task<absl::Status> Look();
  // Before anything is written. kFailedPrecondition: it can't be, and why.
  io::Task<absl::Status> PrepareToWrite();
  // Takes over what another process, that is gone, has left; does nothing if there is no directory.
  io::Task<absl::Status> TakeOver();

  // By id, which is by start time.
  const std::map<std::string, fleet::Recording>& all() const { return all_; }
  const fleet::Recording* Find(const std::string& id) const;
  absl::Time Now() const { return context_.wall_clock(); }
  int64_t bytes() const { return bytes_; }
  int64_t room() const { return std::max<int64_t>(0, context_.max_bytes - bytes_); }
  // What in the directory is not understood.
  const std::vector<std::string>& problems() const { return problems_; }

  // One that is being made. In between it is found as any other.
  struct Open {
    std::string id;
    std::unique_ptr<RecordingFile> file;
  };
  // Gives it its name; `header` is its first line. After PrepareToWrite.
  io::Task<absl::StatusOr<Open>> Create(fleet::Recording recording, std::string header);
  // kResourceExhausted: no room for it in the directory; others: the disk can't. Nothing of it is
  // written then. Not while another Append of the same is under way.
  io::Task<absl::Status> Append(Open* open, std::string lines, int frames);
  // It has ended. What can't be written of that is in end_reason.
  io::Task<void> Finish(Open* open, fleet::Recording::State state, std::string why);

  // Of one that has ended. After PrepareToWrite.
  io::Task<absl::Status> Remove(std::string id);
  io::Task<absl::StatusOr<std::shared_ptr<io::OwnedFd>>> OpenCast(std::string id);
  io::Task<absl::StatusOr<std::string>> ReadPart(std::shared_ptr<io::OwnedFd> fd, int64_t offset,
                                                 size_t max);

 private:
  template <class T>
  io::Task<T> Run(std::function<T()> job);
  io::Task<absl::Status> Load(bool lock);

  const Context context_;
  RecordingDirectory directory_;  // the worker's, but while no job is under way
  std::map<std::string, fleet::Recording> all_;
  std::vector<std::string> problems_;
  int64_t bytes_ = 0;
  bool locked_ = false;
};

}  // namespace mosh::mgmt

#endif  // MGMT_RECORDING_RECORDING_STORE_H_
