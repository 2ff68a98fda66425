#include "server/hand_over.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/control/control_client.h"
#include "server/control/request_check.h"

namespace mosh::server {

bool MayHandOver(const CommandLine& line, const Timeouts& timeouts) {
  return !line.ports_given && !timeouts.network && timeouts.signal.count() == 0;
}

control::NewSession DescribeNewSession(const CommandLine& line, const Environment& environment,
                                       term::Size size, const rlimit& core_limit) {
  control::NewSession session;
  for (const std::string& word : line.command) session.add_command(word);
  session.set_colors(line.colors == 256 ? 256 : 0);
  for (const std::string& assignment : environment.assignments()) {
    // Others are no variables, whoever put them there.
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    // Of a session around this one.
    if (assignment.substr(0, equals) == kSessionIdVariable) continue;
    session.add_environment(assignment);
  }
  session.mutable_size()->set_columns(size.columns);
  session.mutable_size()->set_rows(size.rows);
  char directory[PATH_MAX];
  if (getcwd(directory, sizeof directory) != nullptr) session.set_directory(directory);
  session.set_verbosity(std::min<uint32_t>(line.verbosity, kMaxVerbosity));
  session.set_core_limit(core_limit.rlim_cur);
  return session;
}

absl::StatusOr<control::Grant> HandOver(const std::string& gate_socket, control::NewSession session,
                                        std::chrono::milliseconds patience) {
  const ControlClient::Deadline deadline = std::chrono::steady_clock::now() + patience;
  absl::StatusOr<ControlClient> client = ControlClient::Connect(gate_socket, deadline);
  if (!client.ok()) return client.status();
  control::Request request;
  *request.mutable_new_session() = std::move(session);
  absl::StatusOr<std::vector<control::Reply>> replies = client->Ask(std::move(request), deadline);
  if (!replies.ok()) return replies.status();
  control::Grant& grant = *replies->front().mutable_grant();
  if (grant.key().size() != 22 || grant.port() == 0 || grant.port() > 65535) {
    return absl::DataLossError("moshd gave no port and key");
  }
  return std::move(grant);
}

}  // namespace mosh::server
