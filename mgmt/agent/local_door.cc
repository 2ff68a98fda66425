#include "mgmt/agent/local_door.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace mosh::mgmt {
namespace {

constexpr int kBacklog = 128;
// When descriptors or memory are short.
constexpr std::chrono::milliseconds kRetryAfter{500};
constexpr std::chrono::seconds kPatienceWithDead{2};
constexpr std::chrono::milliseconds kLookAgain{20};

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": a socket's path has at most ",
                                                   sizeof address.sun_path - 1, " bytes"));
  }
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

io::OwnedFd StreamSocket() {
  return io::OwnedFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool SomebodyListens(const sockaddr* where) {
  const io::OwnedFd probe = StreamSocket();
  return probe.valid() &&
         (connect(probe.get(), where, sizeof(sockaddr_un)) == 0 || errno == EAGAIN);
}

std::optional<ino_t> SocketInode(int fd) {
  struct stat facts;
  if (fstat(fd, &facts) != 0 || !S_ISSOCK(facts.st_mode)) return std::nullopt;
  return facts.st_ino;
}

}  // namespace

io::Task<absl::StatusOr<std::unique_ptr<LocalDoor>>> LocalDoor::Open(Context context,
                                                                     std::string path, bool for_all,
                                                                     io::StopToken stop) {
  const absl::StatusOr<sockaddr_un> address = AddressOf(path);
  if (!address.ok()) co_return address.status();
  const auto* const where = reinterpret_cast<const sockaddr*>(&*address);
  // The kernel takes a while to close the sockets of a killed process that used io_uring.
  const Instant give_up = context.reactor->Now() + kPatienceWithDead;
  while (SomebodyListens(where)) {
    if (context.reactor->Now() >= give_up) {
      co_return absl::AlreadyExistsError(absl::StrCat(path, ": another mosh-agent listens there"));
    }
    const absl::Status slept =
        co_await context.reactor->Sleep(context.reactor->Now() + kLookAgain, stop);
    if (!slept.ok()) co_return slept;
  }
  struct stat facts;
  if (lstat(path.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode)) unlink(path.c_str());
  io::OwnedFd fd = StreamSocket();
  if (!fd.valid()) co_return absl::ErrnoToStatus(errno, "socket");
  // Nobody can connect before listen, by when the mode is right.
  if (bind(fd.get(), where, sizeof *address) != 0 ||
      chmod(path.c_str(), for_all ? 0666 : 0600) != 0 || listen(fd.get(), kBacklog) != 0) {
    co_return absl::ErrnoToStatus(errno, path);
  }
  co_return std::unique_ptr<LocalDoor>(new LocalDoor(std::move(context), path, std::move(fd)));
}

LocalDoor::~LocalDoor() {
  if (fd_.valid()) unlink(path_.c_str());
}

size_t LocalDoor::CountConnections() {
  size_t count = 0;
  for (const auto& [uid, user] : users_) {
    std::erase_if(user->connections, [](const Connection& connection) {
      return SocketInode(connection.fd) != connection.inode;
    });
    count += user->connections.size();
  }
  return count;
}

io::Task<bool> LocalDoor::MakeRoomForUser() {
  const auto idle = std::find_if(users_.begin(), users_.end(),
                                 [](const auto& item) { return item.second->connections.empty(); });
  if (idle == users_.end()) co_return false;
  std::shared_ptr<GrpcServer> server = std::move(idle->second->server);
  users_.erase(idle);
  io::Task<bool> work = context_.worker->Run<bool>([server = std::move(server)] {
    if (server != nullptr) server->Shutdown(std::chrono::milliseconds(0));
    return true;
  });
  co_return co_await std::move(work);
}

io::Task<void> LocalDoor::Admit(io::OwnedFd fd) {
  ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) co_return;
  const size_t connections = CountConnections();
  if (context_.metrics != nullptr) {
    context_.metrics->SetConnections(static_cast<int>(connections) + 1);
  }
  // One that is closed at once comes back by the client's own back-off.
  if (connections >= static_cast<size_t>(context_.limits.max_connections)) co_return;
  if (!users_.contains(peer.uid) &&
      users_.size() >= static_cast<size_t>(context_.limits.max_users) &&
      !co_await MakeRoomForUser()) {
    co_return;
  }
  std::shared_ptr<User>& place = users_[peer.uid];
  if (place == nullptr) place = std::make_shared<User>();
  const std::shared_ptr<User> user = place;
  if (user->connections.size() >= static_cast<size_t>(context_.limits.max_connections_of_a_user)) {
    co_return;
  }
  const std::optional<ino_t> inode = SocketInode(fd.get());
  if (!inode) co_return;
  user->connections.push_back({fd.get(), *inode});
  // Groups may have changed since the last time.
  io::Task<std::shared_ptr<const Caller>> asking =
      context_.worker->Run<std::shared_ptr<const Caller>>(
          [uid = peer.uid] { return std::make_shared<const Caller>(LocalCaller(uid)); });
  auto caller = co_await std::move(asking);
  {
    const std::lock_guard<std::mutex> lock(user->mutex);
    user->caller = std::move(caller);
  }
  if (user->server == nullptr) {
    io::Task<std::shared_ptr<GrpcServer>> making =
        context_.worker->Run<std::shared_ptr<GrpcServer>>([this, user] {
          auto server = GrpcServer::Make(context_.reception, context_.policy,
                                         [user](const grpc::ServerContextBase&) {
                                           const std::lock_guard<std::mutex> lock(user->mutex);
                                           return Identity{user->caller, nullptr};
                                         });
          return server.ok() ? std::shared_ptr<GrpcServer>(*std::move(server)) : nullptr;
        });
    user->server = co_await std::move(making);
  }
  if (user->server == nullptr) co_return;
  auto shared_fd = std::make_shared<io::OwnedFd>(std::move(fd));
  io::Task<bool> work = context_.worker->Run<bool>([user, shared_fd] {
    user->server->AddConnection(std::move(*shared_fd));
    return true;
  });
  co_await std::move(work);
}

io::Task<void> LocalDoor::Run(io::StopToken stop) {
  while ((co_await context_.reactor->WaitReadable(fd_.get(), stop)).ok()) {
    io::OwnedFd fd(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      co_await Admit(std::move(fd));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      (void)co_await context_.reactor->Sleep(context_.reactor->Now() + kRetryAfter, stop);
    }
  }
  // Whoever comes now finds another agent, or none.
  unlink(path_.c_str());
  fd_.Reset();
}

void LocalDoor::SetServing(bool serving) {
  for (const auto& [uid, user] : users_) {
    if (user->server != nullptr) user->server->SetServing(serving);
  }
}

io::Task<void> LocalDoor::Shutdown(std::chrono::milliseconds patience) {
  std::vector<std::shared_ptr<GrpcServer>> servers;
  for (const auto& [uid, user] : users_) {
    if (user->server != nullptr) servers.push_back(std::move(user->server));
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  io::Task<bool> work = context_.worker->Run<bool>([servers = std::move(servers), end] {
    for (const std::shared_ptr<GrpcServer>& server : servers) {
      server->Shutdown(std::max(std::chrono::milliseconds(0),
                                std::chrono::duration_cast<std::chrono::milliseconds>(
                                    end - std::chrono::steady_clock::now())));
    }
    return true;
  });
  co_await std::move(work);
  users_.clear();
}

}  // namespace mosh::mgmt
