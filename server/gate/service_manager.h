// What systemd and a service tell each other, without its library: readiness and the watchdog over
// the socket in $NOTIFY_SOCKET (sd_notify(3)), listening sockets as descriptors from 3 up
// (sd_listen_fds(3)). Does nothing where the variables aren't set.
#ifndef SERVER_GATE_SERVICE_MANAGER_H_
#define SERVER_GATE_SERVICE_MANAGER_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/owned_fd.h"

namespace mosh::server::gate {

// The value of an environment variable.
using Variable = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> VariableOfProcess(const char* name);

class ServiceManager {
 public:
  explicit ServiceManager(const Variable& variable, pid_t own_pid);

  // Lines such as "READY=1", separated by '\n'. Never waits, never fails.
  void Notify(absl::string_view lines) const;
  // How often it wants to hear WATCHDOG=1, at least; we say it twice as often. nullopt: never.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  std::string address_;
  std::optional<std::chrono::microseconds> watchdog_;
};

// The sockets that a service manager has opened for us.
struct ActivatedSockets {
  io::OwnedFd control;            // listening
  std::vector<io::OwnedFd> port;  // bound UDP sockets
};
// `first` is where they begin. An error names the descriptor that is neither.
absl::StatusOr<ActivatedSockets> TakeActivatedSockets(const Variable& variable, pid_t own_pid,
                                                      int first = 3);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_SERVICE_MANAGER_H_
