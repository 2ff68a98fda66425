// Recorder: the recordings that are being made, each by a coroutine that writes what a session's
// screen shows, and what is typed if its feed tells that, into its file: one step at a time, so a
// slow disk makes a recording coarser and delays nothing. Loop thread only.
#ifndef MGMT_RECORDING_RECORDER_H_
#define MGMT_RECORDING_RECORDER_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/link/screen_feed.h"
#include "mgmt/recording/asciicast.h"
#include "mgmt/recording/recording_store.h"

namespace mosh::mgmt {

class Recorder {
 public:
  // All outlive it.
  Recorder(io::Reactor* reactor, RecordingStore* store) : reactor_(reactor), store_(store) {}

  // Makes recordings until `stop`; then they are finished. Returns when they are on the disk.
  io::Task<void> Run(io::StopToken stop);

  // Begins one with `wanted`'s facts and limits, and gives it as it is then. After the store's
  // PrepareToWrite. Errors are those of the first frame and of the store's Create; kCancelled: this
  // doesn't run.
  io::Task<absl::StatusOr<fleet::Recording>> Start(fleet::Recording wanted,
                                                   std::unique_ptr<ScreenFeed> screen,
                                                   io::StopToken stop);
  // Ends one, and returns when it has ended, or upon `stop`. Nothing if it is not being made here.
  io::Task<absl::Status> Stop(std::string id, std::string why, io::StopToken stop);
  bool IsRunning(const std::string& id) const { return running_.contains(id); }
  int running() const { return static_cast<int>(running_.size()); }

  // Since the beginning, for metrics.
  struct Counts {
    int64_t finished = 0;
    int64_t failed = 0;
    int64_t bytes = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Running {
    RecordingStore::Open open;
    std::unique_ptr<ScreenFeed> screen;
    CastWriter cast;
    fleet::Recording limits;
    Instant begun;
    io::StopSource stop;
    std::string why;  // it was stopped
    io::Event done;
  };
  struct End {
    fleet::Recording::State state = fleet::Recording::FINISHED;
    std::string why;
  };

  io::Task<void> Record(std::shared_ptr<Running> running, server::control::Frame first);
  io::Task<End> WriteFrames(Running* running, server::control::Frame frame);
  static End EndOf(const absl::Status& status, const Running& running, bool expired);

  io::Reactor* const reactor_;
  RecordingStore* const store_;
  io::Scope* scope_ = nullptr;  // while Run runs
  std::map<std::string, std::shared_ptr<Running>> running_;
  Counts counts_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_RECORDING_RECORDER_H_
