// AdmissionKeeper: the file by which this agent says whether new sessions are taken
// (server/control/admission.h). What it says comes from drains and from policies. Loop thread only.
#ifndef MGMT_DRAIN_ADMISSION_KEEPER_H_
#define MGMT_DRAIN_ADMISSION_KEEPER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "io/task.h"
#include "mgmt/agent/worker.h"
#include "server/control/admission.h"

namespace mosh::mgmt {

class AdmissionKeeper {
 public:
  // `worker`, which outlives it, may be null: the file is then written in the loop.
  AdmissionKeeper(std::string path, Worker* worker) : path_(std::move(path)), worker_(worker) {}

  // What an agent before this one has left in the file, so that nothing is opened by mistake.
  // Before anything is set.
  io::Task<void> Load();

  // Set: no new sessions, and why.
  void SetClosed(std::optional<std::string> why) { now_.closed = std::move(why); }
  void SetMaxSessions(size_t max_sessions) { now_.max_sessions = max_sessions; }
  const server::Admission& now() const { return now_; }

  // In the file when OK. Several at a time end in the order of their calls.
  io::Task<absl::Status> Write();
  // Of the last Write.
  const absl::Status& status() const { return status_; }

 private:
  const std::string path_;
  Worker* const worker_;
  server::Admission now_;
  absl::Status status_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_DRAIN_ADMISSION_KEEPER_H_
