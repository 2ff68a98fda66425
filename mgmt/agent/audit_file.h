// The audit log's file: lines are only ever added, by one process, and are on the disk when Append
// returns. Blocking: for the worker's thread, one call at a time.
#ifndef MGMT_AGENT_AUDIT_FILE_H_
#define MGMT_AGENT_AUDIT_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "mgmt/agent/audit_chain.h"

namespace mosh::mgmt {

class AuditFile {
 public:
  // Makes it (mode 0600) if it isn't there, locks it by FILE.lock, and checks all of it. What a
  // crash has left of an entry that was being written, and that nobody was told of, is cut off.
  // kFailedPrecondition: another agent has it; kDataLoss: it has been tampered with, and nothing
  // will be added to it.
  static absl::StatusOr<std::unique_ptr<AuditFile>> Open(const std::string& path);

  // All of them, or none. Sets their sequence and hashes.
  absl::Status Append(std::vector<fleet::AuditEntry>* entries);

  // From that sequence on, at most so many. Fewer: there were no more.
  absl::StatusOr<std::vector<fleet::AuditEntry>> Read(int64_t start_sequence, int max_count) const;

  int64_t last_sequence() const { return chain_.sequence; }
  // What was cut off when it was opened, in words for an entry; empty: nothing.
  const std::string& repaired() const { return repaired_; }

 private:
  AuditFile(io::OwnedFd lock, io::OwnedFd file) : lock_(std::move(lock)), file_(std::move(file)) {}
  absl::Status Load(const std::string& path);

  io::OwnedFd lock_;
  io::OwnedFd file_;
  AuditChain chain_;
  off_t size_ = 0;
  // Where the entries 1, 1 + kIndexStep, 1 + 2 * kIndexStep, … begin.
  std::vector<off_t> index_;
  bool broken_ = false;
  std::string repaired_;
};

// Checks a whole file for `mosh-agent --verify-audit`: where its chain has got to, or kDataLoss
// with the number of the line.
absl::StatusOr<AuditChain> VerifyAuditFile(const std::string& path);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_AUDIT_FILE_H_
