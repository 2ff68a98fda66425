// Where the agent's socket and files are: as its options say, else as it is root's or a user's.
#ifndef MGMT_AGENT_AGENT_FILES_H_
#define MGMT_AGENT_AGENT_FILES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mgmt/agent/audit_file.h"
#include "mgmt/agent/command_line.h"
#include "mgmt/agent/node_state.h"

namespace mosh::mgmt {

// Of the Unix socket; its directory is made. An error: there is no place for it.
absl::StatusOr<std::string> SocketPath(const Options& options);
// The audit log, opened. Null: none is kept.
absl::StatusOr<std::unique_ptr<AuditFile>> OpenAudit(const Options& options);
// Empty: none are kept.
std::string RecordingsDirectory(const Options& options);
// Where drains and limits are kept. An error says why they can't be.
absl::StatusOr<NodeState::Places> StatePlaces(const Options& options);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_AGENT_FILES_H_
