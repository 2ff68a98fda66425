#include "mgmt/agent/agent_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/control/admission.h"
#include "server/control/runtime_directory.h"

namespace mosh::mgmt {
namespace {

constexpr char kRootDirectory[] = "/run/mosh-agent";
constexpr char kRootAuditLog[] = "/var/log/mosh-agent/audit.jsonl";
constexpr char kRootRecordings[] = "/var/lib/mosh-agent/recordings";
constexpr char kRootPolicies[] = "/var/lib/mosh-agent/policies.json";

// Empty: he has none.
std::string UsersStateDirectory() {
  const char* const state = getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return absl::StrCat(state, "/mosh-agent");
  const char* const home = getenv("HOME");
  if (home == nullptr || home[0] != '/') return "";
  return absl::StrCat(home, "/.local/state/mosh-agent");
}

}  // namespace

absl::StatusOr<std::string> SocketPath(const Options& options) {
  if (!options.listen_unix.empty()) return options.listen_unix;
  if (geteuid() == 0) {
    if (mkdir(kRootDirectory, 0755) != 0 && errno != EEXIST) {
      return absl::ErrnoToStatus(errno, kRootDirectory);
    }
    return absl::StrCat(kRootDirectory, "/agent.sock");
  }
  const absl::StatusOr<std::string> directory =
      server::RuntimeDirectory(server::RuntimePlacesOfProcess());
  if (!directory.ok()) return directory.status();
  return absl::StrCat(*directory, "/agent.sock");
}

absl::StatusOr<std::unique_ptr<AuditFile>> OpenAudit(const Options& options) {
  std::string path = options.audit_log;
  // One that serves a single command keeps none: others like it may run.
  if (path.empty() && geteuid() == 0 && !options.exit_with_parent) {
    path = kRootAuditLog;
    const std::string directory = path.substr(0, path.rfind('/'));
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return absl::ErrnoToStatus(errno, directory);
    }
  }
  if (path.empty() || path == "none") return nullptr;
  return AuditFile::Open(path);
}

std::string RecordingsDirectory(const Options& options) {
  if (options.recordings == "none") return "";
  if (!options.recordings.empty()) return std::filesystem::absolute(options.recordings);
  if (geteuid() == 0) return kRootRecordings;
  const std::string state = UsersStateDirectory();
  return state.empty() ? "" : absl::StrCat(state, "/recordings");
}

absl::StatusOr<NodeState::Places> StatePlaces(const Options& options) {
  if (options.exit_with_parent) {
    return absl::FailedPreconditionError(
        "it ends with its command; run mosh-agent, as root for the whole machine");
  }
  if (geteuid() == 0) {
    if (mkdir(kRootDirectory, 0755) != 0 && errno != EEXIST) {
      return absl::ErrnoToStatus(errno, kRootDirectory);
    }
    return NodeState::Places{.admission = server::MachinesAdmissionPath(),
                             .operations = absl::StrCat(kRootDirectory, "/operations.json"),
                             .policies = kRootPolicies};
  }
  const absl::StatusOr<std::string> directory =
      server::RuntimeDirectory(server::RuntimePlacesOfProcess());
  if (!directory.ok()) return directory.status();
  const std::string state = UsersStateDirectory();
  if (state.empty()) return absl::FailedPreconditionError("HOME is not set");
  return NodeState::Places{.admission = server::UsersAdmissionPath(*directory),
                           .operations = absl::StrCat(*directory, "/operations.json"),
                           .policies = absl::StrCat(state, "/policies.json")};
}

}  // namespace mosh::mgmt
