// Audit: the loop's side of the audit log. Entries that come while others are being written are
// written together, with one wait for the disk.
#ifndef MGMT_AGENT_AUDIT_H_
#define MGMT_AGENT_AUDIT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/event.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/agent/audit_file.h"
#include "mgmt/agent/worker.h"

namespace mosh::mgmt {

class Audit {
 public:
  // `file` null: nothing is kept, and Record always succeeds. `worker` outlives it.
  Audit(Worker* worker, std::unique_ptr<AuditFile> file);

  bool enabled() const { return file_ != nullptr; }
  // OK when it is on the disk. An error: it isn't, and none of those it was written with.
  io::Task<absl::Status> Record(fleet::AuditEntry entry);
  // The last attempt to write failed. What must not go unseen must not be done.
  bool failing() const { return failing_; }
  uint64_t failures() const { return failures_; }

  // kFailedPrecondition: none is kept.
  io::Task<absl::StatusOr<std::vector<fleet::AuditEntry>>> Read(int64_t start_sequence,
                                                                int max_count);
  int64_t last_sequence() const { return last_sequence_; }
  // OK when there is an entry after this one.
  io::Task<absl::Status> WaitForMoreThan(int64_t sequence, io::StopToken stop);

 private:
  // Entries that are written together.
  struct Batch {
    std::vector<fleet::AuditEntry> entries;
    absl::Status status;
    io::Event done;
  };

  Worker* const worker_;
  const std::unique_ptr<AuditFile> file_;
  std::shared_ptr<Batch> gathering_;
  bool writing_ = false;
  io::Event idle_;
  bool failing_ = false;
  uint64_t failures_ = 0;
  int64_t last_sequence_ = 0;
  io::Event more_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_AUDIT_H_
