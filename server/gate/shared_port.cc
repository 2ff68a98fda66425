#include "server/gate/shared_port.h"

#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::server::gate {
namespace {

bool HasIpv6() {
  const io::OwnedFd probe(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return false;
  const io::SocketAddress any = io::SocketAddress::AnyV6(0);
  return bind(probe.get(), any.address(), any.length()) == 0;
}

absl::Status Explain(const absl::Status& status, const io::SocketAddress& local) {
  if (status.code() != absl::StatusCode::kAlreadyExists) return status;
  return absl::Status(
      status.code(),
      absl::StrCat("UDP port ", local.ToString(),
                   " is taken by somebody else (`ss -ulnp` says who): stop that, or choose ",
                   "another port in the configuration"));
}

}  // namespace

std::vector<io::SocketAddress> WantedAddresses(const Config& config) {
  if (config.bind.empty()) {
    return {HasIpv6() ? io::SocketAddress::AnyV6(config.port)
                      : io::SocketAddress::AnyV4(config.port)};
  }
  std::vector<io::SocketAddress> addresses;
  for (const std::string& host : config.bind) {
    // ParseConfig has seen to it that they are addresses.
    addresses.push_back(*io::SocketAddress::Parse(host, config.port));
  }
  return addresses;
}

absl::StatusOr<SharedPort> SharedPort::Open(const Config& config,
                                            std::vector<io::OwnedFd> activated) {
  SharedPort port;
  for (io::OwnedFd& socket : activated) {
    absl::StatusOr<SocketGroup> group = SocketGroup::Around(std::move(socket));
    if (!group.ok()) return group.status();
    port.groups_.push_back(*std::move(group));
  }
  if (!port.groups_.empty()) return port;
  for (const io::SocketAddress& local : WantedAddresses(config)) {
    absl::StatusOr<SocketGroup> group = SocketGroup::Open(local);
    if (!group.ok()) return Explain(group.status(), local);
    port.groups_.push_back(*std::move(group));
  }
  return port;
}

absl::StatusOr<SharedPort> SharedPort::Adopt(std::vector<std::vector<io::OwnedFd>> sockets) {
  if (sockets.empty()) return absl::InvalidArgumentError("the keeper holds no sockets");
  SharedPort port;
  const size_t addresses = sockets.front().size();
  for (size_t i = 0; i < addresses; ++i) {
    std::vector<io::OwnedFd> members;
    for (std::vector<io::OwnedFd>& of_number : sockets) {
      if (of_number.size() != addresses) {
        return absl::InvalidArgumentError("the keeper's sockets don't fit together");
      }
      members.push_back(std::move(of_number[i]));
    }
    absl::StatusOr<SocketGroup> group = SocketGroup::Adopt(std::move(members));
    if (!group.ok()) return group.status();
    port.groups_.push_back(*std::move(group));
  }
  return port;
}

absl::Status SharedPort::Grow() {
  for (SocketGroup& group : groups_) {
    if (absl::Status s = group.Grow(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status SharedPort::Steer() {
  for (SocketGroup& group : groups_) {
    if (absl::Status s = group.Steer(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

void SharedPort::Drain(size_t number) {
  for (SocketGroup& group : groups_) group.Drain(number);
}

std::vector<int> SharedPort::SocketsOf(size_t number) const {
  std::vector<int> sockets;
  for (const SocketGroup& group : groups_) sockets.push_back(group.socket(number));
  return sockets;
}

std::vector<io::SocketAddress> SharedPort::Locals() const {
  std::vector<io::SocketAddress> locals;
  for (const SocketGroup& group : groups_) locals.push_back(group.local());
  return locals;
}

}  // namespace mosh::server::gate
