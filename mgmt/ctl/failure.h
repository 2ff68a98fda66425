// What went wrong, for people and for scripts: a status that says what to do next, and moshctl's
// exit status. Pure.
//
// Commands return absl::Status whose message is ready to be shown. Text from the server in it is
// harmless.
#ifndef MGMT_CTL_FAILURE_H_
#define MGMT_CTL_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace mosh::mgmt::ctl {

// docs/moshctl.md has these.
enum ExitCode : int {
  kDone = 0,
  kUsage = 1,        // a mistake on the command line
  kNotFound = 2,     // no such session, or several
  kRefused = 3,      // the caller has no right to it
  kUnreachable = 4,  // no server, or no answer in time
  kFailed = 5,       // anything else
};
ExitCode ExitCodeOf(const absl::Status& status);

// In words what the server named `server` answered, with its details (google.rpc.ErrorInfo and
// others) and a hint.
absl::Status ExplainFailure(const grpc::Status& status, absl::string_view server);

// "HOST:PORT" of the agent to ask instead, if that is what the status says; else empty.
std::string EndpointElsewhere(const grpc::Status& status);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_FAILURE_H_
