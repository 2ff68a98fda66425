#include "server/ask_servers.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "crypto/cleanse.h"
#include "server/connect_line.h"
#include "server/control/admission.h"
#include "server/control/control.pb.h"
#include "server/control/host_sockets.h"
#include "server/control/runtime_directory.h"
#include "server/control/session_finder.h"
#include "server/hand_over.h"
#include "server/print.h"
#include "server/run_subcommand.h"

namespace mosh::server {
namespace {

// Starting a user's Host may take moshd a moment; a moshd that hangs shall not cost a login.
constexpr std::chrono::seconds kGatePatience{3};
// The same when they are only counted.
constexpr std::chrono::seconds kCountPatience{3};

void PrintGrant(control::Grant& grant) {
  PrintConnectLine(static_cast<uint16_t>(grant.port()), grant.key());
  std::string& key = *grant.mutable_key();
  crypto::Cleanse({reinterpret_cast<uint8_t*>(key.data()), key.size()});
}

}  // namespace

int AskServers(const Subcommand& command, const std::string& program) {
  std::string problem;
  SubcommandSurroundings surroundings;
  surroundings.program = program;
  surroundings.sockets = ControlSockets(&problem);
  surroundings.own_session = Environment::OfProcess().Get(kSessionIdVariable).value_or("");
  surroundings.now = absl::Now();
  if (!problem.empty()) Print(STDERR_FILENO, absl::StrCat(program, ": ", problem, "\n"));
  SubcommandOutcome outcome = RunSubcommand(command, surroundings);
  Print(STDERR_FILENO, outcome.err);
  Print(STDOUT_FILENO, outcome.out);
  if (outcome.grant) PrintGrant(*outcome.grant);
  return outcome.status;
}

int CheckMayStart(const std::string& program, const CommandLine& line) {
  const auto tell = [&](absl::string_view text) {
    Print(STDERR_FILENO, absl::StrCat(program, ": ", text, "\n"));
  };
  std::vector<std::string> problems;
  const Admission admission = ReadAdmissions(RuntimePlacesOfProcess(), &problems);
  if (line.verbosity > 0) {
    for (const std::string& problem : problems) tell(problem);
  }
  size_t sessions = 0;
  if (!admission.closed && admission.max_sessions != 0) {
    // One that doesn't answer isn't counted: it shall not cost a login.
    const ControlClient::Deadline deadline = std::chrono::steady_clock::now() + kCountPatience;
    sessions = FindSessions(ControlSockets(nullptr), deadline).sessions.size();
  }
  const absl::Status status = CheckAdmission(admission, sessions);
  if (status.ok()) return kStatusDone;
  tell(status.message());
  tell("your sessions go on: \"mosh-server list\" shows them, \"mosh --attach\" gets back to one");
  return kStatusFailed;
}

bool HandOverToMoshd(const std::string& program, const CommandLine& line,
                     const Environment& environment, const Timeouts& timeouts, term::Size size,
                     const rlimit& core_limit) {
  const auto tell = [&](absl::string_view text) {
    if (line.verbosity > 0) Print(STDERR_FILENO, absl::StrCat(program, ": ", text, "\n"));
  };
  const std::string gate = GateSocketOfProcess();
  if (gate.empty()) {
    tell("no moshd is running; this server stands alone");
    return false;
  }
  if (!MayHandOver(line, timeouts)) {
    tell("moshd lets nobody choose a port or timeout; this server stands alone");
    return false;
  }
  absl::StatusOr<control::Grant> grant =
      HandOver(gate, DescribeNewSession(line, environment, size, core_limit), kGatePatience);
  if (!grant.ok()) {
    tell(absl::StrCat("moshd did not take the session (",
                      absl::string_view(grant.status().message()), "); this server stands alone"));
    return false;
  }
  tell(absl::StrCat("moshd at ", gate, " has taken the session; it is ", grant->session_id()));
  PrintGrant(*grant);
  return true;
}

}  // namespace mosh::server
