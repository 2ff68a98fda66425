#include "server/gate/keeper.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/status.h"
#include "server/gate/packet.h"
#include "server/gate/packet_socket.h"

namespace mosh::server::gate {
namespace {

// Every packet begins with this octet. A gate of another release meets this keeper.
constexpr uint8_t kVersion = 1;

enum Kind : uint8_t { kSockets = 1, kHost = 2, kAll = 3 };

using Buffer = std::array<uint8_t, 256>;

std::vector<uint8_t> SocketsPacket() {
  return PacketWriter().Number(kVersion).Number(kSockets).Take();
}
std::vector<uint8_t> HostPacket(HostNumber number, uid_t uid, uint64_t build) {
  PacketWriter out;
  out.Number(kVersion).Number(kHost).Number(number).Number(uid).Number(build);
  return out.Take();
}
std::vector<uint8_t> AllPacket() { return PacketWriter().Number(kVersion).Number(kAll).Take(); }

// Takes one packet into `kept`. False: it wasn't understood.
bool Read(ReceivedPacket packet, Kept* kept, bool* all) {
  PacketReader in(packet.bytes);
  if (in.Number<uint8_t>() != kVersion) return false;
  switch (in.Number<uint8_t>()) {
    case kSockets:
      if (packet.fds.empty() || !in.finished()) return false;
      kept->sockets.push_back(std::move(packet.fds));
      return true;
    case kHost: {
      KeptHost host;
      host.number = in.Number<HostNumber>();
      host.uid = in.Number<uid_t>();
      host.build = in.Number<uint64_t>();
      if (packet.fds.size() != 1 || !in.finished()) return false;
      host.link = std::move(packet.fds.front());
      kept->hosts.push_back(std::move(host));
      return true;
    }
    case kAll:
      *all = true;
      return in.finished();
    default:
      return false;
  }
}

std::vector<int> Numbers(const std::vector<io::OwnedFd>& fds) {
  std::vector<int> numbers;
  for (const io::OwnedFd& fd : fds) numbers.push_back(fd.get());
  return numbers;
}

class Keeper {
 public:
  Keeper(io::OwnedFd listener, io::OwnedFd gate)
      : listener_(std::move(listener)), gate_(std::move(gate)) {}

  void Run() {
    while (gate_.valid() || !kept_.hosts.empty()) {
      const std::vector<pollfd> events = Wait();
      // By number of poll, so the last first: links leave from the end.
      for (size_t i = kept_.hosts.size(); i-- > 0;) {
        if (events[2 + i].revents != 0) kept_.hosts.erase(kept_.hosts.begin() + i);
      }
      // Before the next gate comes in: it must get what the last one has left.
      ReadGate();
      if (events[0].revents != 0) Accept();
    }
  }

 private:
  std::vector<pollfd> Wait() {
    std::vector<pollfd> events = {{listener_.get(), POLLIN, 0}, {gate_.get(), POLLIN, 0}};
    // Only their end: what Hosts say is for the gate.
    for (const KeptHost& host : kept_.hosts) events.push_back({host.link.get(), 0, 0});
    while (poll(events.data(), events.size(), -1) < 0 && errno == EINTR) {
    }
    return events;
  }

  // All that it has sent so far.
  void ReadGate() {
    Buffer buffer;
    while (gate_.valid()) {
      ReceivedPacket packet = ReceivePacket(gate_.get(), buffer, false);
      if (packet.kind == ReceivedPacket::Kind::kNothing) return;
      bool ignored;
      const bool understood =
          packet.kind == ReceivedPacket::Kind::kPacket && Read(std::move(packet), &kept_, &ignored);
      if (understood) continue;
      // Whoever dismisses us waits for the port to be free.
      if (kept_.hosts.empty()) kept_.sockets.clear();
      gate_.Reset();
    }
  }

  // The newest gate is the one: the lock of its runtime directory keeps a second away.
  void Accept() {
    io::OwnedFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) return;
    ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return;
    if (peer.uid != geteuid()) return;
    LimitWaiting(socket.get());
    if (GiveAll(socket.get()).ok()) gate_ = std::move(socket);
  }

  absl::Status GiveAll(int gate) {
    for (const std::vector<io::OwnedFd>& sockets : kept_.sockets) {
      const std::vector<int> fds = Numbers(sockets);
      if (absl::Status s = SendPacket(gate, SocketsPacket(), fds); !s.ok()) return s;
    }
    for (const KeptHost& host : kept_.hosts) {
      const int link = host.link.get();
      const std::vector<uint8_t> packet = HostPacket(host.number, host.uid, host.build);
      if (absl::Status s = SendPacket(gate, packet, {&link, 1}); !s.ok()) return s;
    }
    return SendPacket(gate, AllPacket());
  }

  io::OwnedFd listener_;
  io::OwnedFd gate_;
  Kept kept_;
};

}  // namespace

void RunKeeper(io::OwnedFd listener, io::OwnedFd gate) {
  Keeper(std::move(listener), std::move(gate)).Run();
}

absl::StatusOr<KeeperConnection> KeeperConnection::Connect(const std::string& path, Kept* kept) {
  absl::StatusOr<io::OwnedFd> socket = ConnectTo(path);
  if (!socket.ok()) return socket.status();
  Buffer buffer;
  for (bool all = false; !all;) {
    ReceivedPacket packet = ReceivePacket(socket->get(), buffer, true);
    if (packet.kind != ReceivedPacket::Kind::kPacket) {
      return absl::UnavailableError(absl::StrCat(path, ": the keeper doesn't answer"));
    }
    if (!Read(std::move(packet), kept, &all)) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, ": the keeper is of a release of moshd that this one doesn't understand"));
    }
  }
  return KeeperConnection(*std::move(socket));
}

void KeeperConnection::Dismiss() {
  shutdown(socket_.get(), SHUT_WR);
  Buffer buffer;
  ReceivePacket(socket_.get(), buffer, true);
  socket_.Reset();
}

absl::Status KeeperConnection::HoldSockets(std::span<const int> sockets) {
  return SendPacket(socket_.get(), SocketsPacket(), sockets);
}

absl::Status KeeperConnection::HoldHost(HostNumber number, uid_t uid, uint64_t build, int link) {
  return SendPacket(socket_.get(), HostPacket(number, uid, build), {&link, 1});
}

}  // namespace mosh::server::gate
