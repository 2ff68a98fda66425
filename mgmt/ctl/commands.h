// What each command does, given an agent.
#ifndef MGMT_CTL_COMMANDS_H_
#define MGMT_CTL_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mgmt/ctl/api.h"
#include "mgmt/ctl/live_terminal.h"
#include "mgmt/ctl/options.h"
#include "mgmt/ctl/surroundings.h"
#include "mgmt/ctl/table.h"

namespace mosh::mgmt::ctl {

// What commands work with.
struct Workplace {
  Api& api;
  const Options& options;
  const Surroundings& surroundings;
  LiveSignals* signals;  // only of commands with a live screen, and of drain
};

// Resource names of options.sessions. kNotFound: one of them is none, or not clear.
absl::StatusOr<std::vector<std::string>> ResolveSessions(const Workplace& work);

// ls, describe, watch, screen (looking_commands.cc)
absl::Status ListCommand(const Workplace& work);
absl::Status DescribeCommand(const Workplace& work);
absl::Status TopCommand(const Workplace& work);
absl::Status WatchCommand(const Workplace& work);
absl::Status ScreenCommand(const Workplace& work);

// audit (audit_command.cc)
absl::Status AuditCommand(const Workplace& work);

// nodes (node_commands.cc)
absl::Status NodesCommand(const Workplace& work);
absl::Status NodesForgetCommand(const Workplace& work);

// As options.format says, which is one for programs: whole, and one of many.
absl::Status PrintMessage(const Workplace& work, const google::protobuf::Message& message);
absl::Status PrintStreamed(const Workplace& work, const google::protobuf::Message& message);
void PrintTable(const Workplace& work, const std::vector<std::vector<Cell>>& rows);

// notify, hold, release, detach, kill, attach-ticket (acting_commands.cc)
absl::Status NotifyCommand(const Workplace& work);
absl::Status HoldCommand(const Workplace& work);
absl::Status DetachCommand(const Workplace& work);
absl::Status KillCommand(const Workplace& work);
absl::Status AttachTicketCommand(const Workplace& work);

// record start, stop, ls, get, rm; replay (recording_commands.cc)
absl::Status RecordStartCommand(const Workplace& work);
absl::Status RecordStopCommand(const Workplace& work);
absl::Status RecordListCommand(const Workplace& work);
absl::Status RecordGetCommand(const Workplace& work);
absl::Status RecordRemoveCommand(const Workplace& work);
absl::Status ReplayCommand(const Workplace& work);

// drain, undrain, operations ls, describe, cancel (drain_commands.cc)
absl::Status DrainCommand(const Workplace& work);
absl::Status UndrainCommand(const Workplace& work);
absl::Status OperationsListCommand(const Workplace& work);
absl::Status OperationsDescribeCommand(const Workplace& work);
absl::Status OperationsCancelCommand(const Workplace& work);

// policy ls, get, set, rm (policy_commands.cc)
absl::Status PolicyListCommand(const Workplace& work);
absl::Status PolicyGetCommand(const Workplace& work);
absl::Status PolicySetCommand(const Workplace& work);
absl::Status PolicyRemoveCommand(const Workplace& work);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_COMMANDS_H_
