#include "netem/relay/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mosh::netem {
namespace {

constexpr size_t kMaxDatagram = 65536;
constexpr size_t kMaxClients = 64;
constexpr size_t kMaxRetired = 16;
// Datagrams read from one socket before the others get their turn.
constexpr int kReadBurst = 256;
// A flood must meet the modelled queue, not the kernel's.
constexpr int kSocketBuffer = 4 << 20;

absl::Status SystemError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("relay: ", what, ": ", strerror(errno)));
}

int OpenSocket(int family) {
  const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kSocketBuffer, sizeof kSocketBuffer);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
  if (family == AF_INET) {
    setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
  } else {
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on);
  }
  return fd;
}

uint8_t TosOf(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) return *CMSG_DATA(c);
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      int tclass;
      memcpy(&tclass, CMSG_DATA(c), sizeof tclass);
      return static_cast<uint8_t>(tclass);
    }
  }
  return 0;
}

struct Incoming {
  std::span<const uint8_t> bytes;  // in the caller's buffer
  Endpoint from;
  uint8_t tos;
};

// One datagram, if there is one. Errors that an earlier send brought back (ICMP) are not ours to
// handle.
std::optional<Incoming> Receive(int fd, std::vector<uint8_t>& buffer) {
  buffer.resize(kMaxDatagram);
  Incoming in;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) * 2];
  iovec iov = {buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &in.from.storage;
  message.msg_namelen = sizeof in.from.storage;
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);
  if (n < 0) return std::nullopt;
  in.bytes = std::span<const uint8_t>(buffer.data(), static_cast<size_t>(n));
  in.from.length = message.msg_namelen;
  in.tos = TosOf(message);
  return in;
}

// A Link's tag: where to, and the TOS octet.
uint64_t MakeTag(uint64_t id, uint8_t tos) { return id << 8 | tos; }
uint64_t IdOf(uint64_t tag) { return tag >> 8; }
uint8_t TosOf(uint64_t tag) { return static_cast<uint8_t>(tag); }

}  // namespace

absl::StatusOr<Endpoint> Endpoint::Parse(const std::string& numeric_host, uint16_t port) {
  Endpoint endpoint;
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  if (const int error = getaddrinfo(numeric_host.c_str(), service.c_str(), &hints, &found);
      error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("relay: '", numeric_host, "' is not a numeric IP address"));
  }
  memcpy(&endpoint.storage, found->ai_addr, found->ai_addrlen);
  endpoint.length = found->ai_addrlen;
  freeaddrinfo(found);
  return endpoint;
}

bool operator==(const Endpoint& a, const Endpoint& b) {
  return a.length == b.length && memcmp(&a.storage, &b.storage, a.length) == 0;
}

absl::StatusOr<std::unique_ptr<Relay>> Relay::Create(const RelayOptions& options) {
  absl::StatusOr<Endpoint> listen = Endpoint::Parse(options.listen_host, options.listen_port);
  if (!listen.ok()) return listen.status();
  absl::StatusOr<Endpoint> server = Endpoint::Parse(options.server_host, options.server_port);
  if (!server.ok()) return server.status();
  const int fd = OpenSocket(listen->storage.ss_family);
  if (fd < 0) return SystemError("socket");
  if (bind(fd, listen->get(), listen->length) != 0) {
    absl::Status status =
        SystemError(absl::StrCat("bind to ", options.listen_host, " port ", options.listen_port));
    close(fd);
    return status;
  }
  return std::unique_ptr<Relay>(new Relay(options, fd, *server));
}

Relay::Relay(const RelayOptions& options, int listen_fd, Endpoint server)
    : listen_fd_(listen_fd),
      server_(server),
      up_(options.conditions.up, options.seed * 2),
      down_(options.conditions.down, options.seed * 2 + 1) {}

Relay::~Relay() {
  close(listen_fd_);
  for (const Upstream& upstream : upstreams_) close(upstream.fd);
}

uint16_t Relay::port() const {
  Endpoint local;
  local.length = sizeof local.storage;
  getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&local.storage), &local.length);
  return local.storage.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6*>(&local.storage)->sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in*>(&local.storage)->sin_port);
}

void Relay::AppendPollFds(std::vector<pollfd>* fds) const {
  fds->push_back({listen_fd_, POLLIN, 0});
  for (const Upstream& upstream : upstreams_) fds->push_back({upstream.fd, POLLIN, 0});
}

Instant Relay::NextDeadline() const { return std::min(up_.NextDeadline(), down_.NextDeadline()); }

void Relay::Turn(Instant now) {
  ReadFromClients(now);
  for (const Upstream& upstream : upstreams_) ReadFromServer(upstream, now);
  Deliver(now);
}

void Relay::ReadFromClients(Instant now) {
  std::vector<uint8_t> buffer;
  for (int i = 0; i < kReadBurst; ++i) {
    std::optional<Incoming> in = Receive(listen_fd_, buffer);
    if (!in) return;
    const Client* client = FindOrAddClient(in->from);
    if (client != nullptr) up_.Push(in->bytes, now, MakeTag(client->upstream_id, in->tos));
  }
}

void Relay::ReadFromServer(const Upstream& upstream, Instant now) {
  std::vector<uint8_t> buffer;
  for (int i = 0; i < kReadBurst; ++i) {
    std::optional<Incoming> in = Receive(upstream.fd, buffer);
    if (!in) return;
    if (!(in->from == server_)) continue;
    if (upstream.retired) {
      ++stats_.to_old_address;
      continue;
    }
    down_.Push(in->bytes, now, MakeTag(upstream.client_id, in->tos));
  }
}

void Relay::Deliver(Instant now) {
  while (std::optional<Link::Delivery> delivery = up_.PopTagged(now)) {
    const Upstream* upstream = FindUpstream(IdOf(delivery->tag));
    if (upstream != nullptr) Send(upstream->fd, server_, *delivery);
  }
  while (std::optional<Link::Delivery> delivery = down_.PopTagged(now)) {
    const uint64_t id = IdOf(delivery->tag);
    const auto client = std::find_if(clients_.begin(), clients_.end(),
                                     [id](const Client& c) { return c.id == id; });
    if (client != clients_.end()) Send(listen_fd_, client->address, *delivery);
  }
}

void Relay::Send(int fd, const Endpoint& to, const Link::Delivery& delivery) {
  constexpr int kEcnMask = 3;
  int tos = TosOf(delivery.tag);
  if (delivery.marked && (tos & kEcnMask) != 0) tos |= kEcnMask;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec iov = {const_cast<uint8_t*>(delivery.datagram.data()), delivery.datagram.size()};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(to.get());
  message.msg_namelen = to.length;
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  const bool v6 = to.storage.ss_family == AF_INET6;
  c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  c->cmsg_type = v6 ? IPV6_TCLASS : IP_TOS;
  c->cmsg_len = CMSG_LEN(sizeof tos);
  memcpy(CMSG_DATA(c), &tos, sizeof tos);
  // ECONNREFUSED reports an earlier datagram's ICMP answer; this one has not been sent then.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return;
    if (errno != ECONNREFUSED) break;
  }
  ++stats_.send_failures;
}

Relay::Client* Relay::FindOrAddClient(const Endpoint& address) {
  const auto known = std::find_if(clients_.begin(), clients_.end(),
                                  [&](const Client& c) { return c.address == address; });
  if (known != clients_.end()) return &*known;
  if (clients_.size() == kMaxClients) {
    if (Upstream* upstream = FindUpstream(clients_.front().upstream_id)) upstream->retired = true;
    clients_.erase(clients_.begin());
    DropOldRetired();
  }
  const uint64_t id = next_id_++;
  const uint64_t upstream_id = OpenUpstream(id);
  if (upstream_id == 0) return nullptr;
  ++stats_.clients;
  clients_.push_back({id, address, upstream_id});
  return &clients_.back();
}

uint64_t Relay::OpenUpstream(uint64_t client_id) {
  const int family = server_.storage.ss_family;
  const int fd = OpenSocket(family);
  if (fd < 0) return 0;
  if (family == AF_INET) {
    sockaddr_in server;
    memcpy(&server, &server_.storage, sizeof server);
    if ((ntohl(server.sin_addr.s_addr) >> 24) == 127) {
      // 127.0.0.2 at first; another one after each Roam. Where such an address is missing the port
      // alone changes.
      sockaddr_in source{};
      source.sin_family = AF_INET;
      source.sin_addr.s_addr = htonl(0x7f000002u + static_cast<uint32_t>(stats_.roams % 200));
      static_cast<void>(bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source));
    }
  }
  const uint64_t id = next_id_++;
  upstreams_.push_back({id, fd, client_id, false});
  return id;
}

Relay::Upstream* Relay::FindUpstream(uint64_t id) {
  const auto found = std::find_if(upstreams_.begin(), upstreams_.end(),
                                  [id](const Upstream& u) { return u.id == id; });
  return found == upstreams_.end() ? nullptr : &*found;
}

void Relay::Roam() {
  ++stats_.roams;
  for (Client& client : clients_) {
    const uint64_t fresh = OpenUpstream(client.id);
    if (fresh == 0) continue;
    if (Upstream* old = FindUpstream(client.upstream_id)) old->retired = true;
    client.upstream_id = fresh;
  }
  DropOldRetired();
}

void Relay::DropOldRetired() {
  size_t retired = static_cast<size_t>(std::count_if(upstreams_.begin(), upstreams_.end(),
                                                     [](const Upstream& u) { return u.retired; }));
  for (auto it = upstreams_.begin(); retired > kMaxRetired && it != upstreams_.end();) {
    if (!it->retired) {
      ++it;
      continue;
    }
    close(it->fd);
    it = upstreams_.erase(it);
    --retired;
  }
}

void Relay::SetConditions(const PathConditions& conditions) {
  up_.SetConditions(conditions.up);
  down_.SetConditions(conditions.down);
}

RelayStats Relay::stats() const {
  RelayStats stats = stats_;
  stats.up = up_.stats();
  stats.down = down_.stats();
  return stats;
}

}  // namespace mosh::netem
