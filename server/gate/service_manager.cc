#include "server/gate/service_manager.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosh::server::gate {
namespace {

// More is a mistake of somebody's.
constexpr int kMostSockets = 64;

std::optional<int64_t> NumberIn(const Variable& variable, const char* name) {
  const std::optional<std::string> text = variable(name);
  int64_t number;
  if (!text || !absl::SimpleAtoi(*text, &number)) return std::nullopt;
  return number;
}

int Option(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  getsockopt(fd, SOL_SOCKET, option, &value, &length);
  return value;
}

}  // namespace

std::optional<std::string> VariableOfProcess(const char* name) {
  const char* value = getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

ServiceManager::ServiceManager(const Variable& variable, pid_t own_pid) {
  address_ = variable("NOTIFY_SOCKET").value_or("");
  const std::optional<int64_t> period = NumberIn(variable, "WATCHDOG_USEC");
  const std::optional<int64_t> pid = NumberIn(variable, "WATCHDOG_PID");
  if (period && *period > 0 && (!pid || *pid == own_pid)) {
    watchdog_ = std::chrono::microseconds(*period);
  }
}

void ServiceManager::Notify(absl::string_view lines) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (address_.empty() || address_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  // An abstract name is written with '@'.
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const io::OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const socklen_t length = offsetof(sockaddr_un, sun_path) + address_.size();
  sendto(fd.get(), lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
         reinterpret_cast<const sockaddr*>(&address), length);
}

absl::StatusOr<ActivatedSockets> TakeActivatedSockets(const Variable& variable, pid_t own_pid,
                                                      int first) {
  ActivatedSockets sockets;
  const std::optional<int64_t> pid = NumberIn(variable, "LISTEN_PID");
  const std::optional<int64_t> count = NumberIn(variable, "LISTEN_FDS");
  if (!pid || *pid != own_pid || !count) return sockets;
  if (*count < 0 || *count > kMostSockets) {
    return absl::InvalidArgumentError(absl::StrCat("LISTEN_FDS=", *count, " can't be"));
  }
  for (int number = first; number < first + *count; ++number) {
    io::OwnedFd fd(number);
    const int family = Option(number, SO_DOMAIN);
    const int type = Option(number, SO_TYPE);
    fcntl(number, F_SETFD, FD_CLOEXEC);
    fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK);
    if (family == AF_UNIX && type == SOCK_SEQPACKET && Option(number, SO_ACCEPTCONN) == 1 &&
        !sockets.control.valid()) {
      sockets.control = std::move(fd);
    } else if ((family == AF_INET || family == AF_INET6) && type == SOCK_DGRAM) {
      sockets.port.push_back(std::move(fd));
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "descriptor ", number, " of the service manager is neither the control socket ",
          "(ListenSequentialPacket=) nor one of the port's (ListenDatagram=)"));
    }
  }
  return sockets;
}

}  // namespace mosh::server::gate
