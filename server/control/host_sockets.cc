#include "server/control/host_sockets.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "io/unix_socket.h"
#include "server/control/runtime_directory.h"

namespace mosh::server {
namespace {

constexpr char kSuffix[] = ".sock";
constexpr char kMachinesGate[] = "/run/moshd/gate.sock";
constexpr char kUsersGate[] = "moshd.sock";

// Their numbers, ascending.
std::vector<pid_t> Hosts(const std::string& directory) {
  std::vector<pid_t> pids;
  DIR* folder = opendir(directory.c_str());
  if (folder == nullptr) return pids;
  while (const dirent* entry = readdir(folder)) {
    absl::string_view name = entry->d_name;
    pid_t pid;
    if (!absl::ConsumeSuffix(&name, kSuffix) || !absl::SimpleAtoi(name, &pid)) continue;
    pids.push_back(pid);
  }
  closedir(folder);
  std::sort(pids.begin(), pids.end());
  return pids;
}

}  // namespace

std::string HostSocketPath(const std::string& directory, pid_t pid) {
  return absl::StrCat(directory, "/", pid, kSuffix);
}

std::vector<std::string> HostSockets(const std::string& directory) {
  std::vector<std::string> paths;
  for (const pid_t pid : Hosts(directory)) paths.push_back(HostSocketPath(directory, pid));
  return paths;
}

void RemoveDeadHostSockets(const std::string& directory) {
  for (const pid_t pid : Hosts(directory)) {
    if (pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH) continue;
    // Of a live process in another container it is no business of ours.
    const std::string path = HostSocketPath(directory, pid);
    if (!io::SomebodyListens(path)) unlink(path.c_str());
  }
}

std::string GateSocket(const std::optional<std::string>& moshd_socket,
                       const std::string& directory) {
  if (moshd_socket.has_value()) return *moshd_socket;
  if (access(kMachinesGate, F_OK) == 0) return kMachinesGate;
  if (directory.empty()) return "";
  const std::string own = absl::StrCat(directory, "/", kUsersGate);
  return access(own.c_str(), F_OK) == 0 ? own : "";
}

std::string RunningHostsSocket(const std::string& gate_socket) {
  return absl::StrCat(gate_socket, ".running");
}

std::string GateSocketOfProcess() {
  const char* named = getenv("MOSHD_SOCKET");
  return GateSocket(named != nullptr ? std::optional<std::string>(named) : std::nullopt,
                    RuntimeDirectory(RuntimePlacesOfProcess()).value_or(""));
}

std::vector<std::string> ControlSockets(std::string* problem) {
  const absl::StatusOr<std::string> directory = RuntimeDirectory(RuntimePlacesOfProcess());
  std::vector<std::string> sockets;
  if (directory.ok()) {
    RemoveDeadHostSockets(*directory);
    sockets = HostSockets(*directory);
  } else if (problem != nullptr) {
    *problem = std::string(directory.status().message());
  }
  const std::string gate = GateSocketOfProcess();
  if (!gate.empty()) sockets.push_back(RunningHostsSocket(gate));
  return sockets;
}

}  // namespace mosh::server
