#include "io/udp_kernel.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/uio.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "io/status.h"

namespace mosh::io {
namespace {

bool SetInt(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

int64_t Nanos(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

// The kernel stamps with the wall clock. Taken as an age, so that a jump of that clock does little
// harm.
Instant ArrivalOf(const timespec& stamp) {
  timespec wall, monotonic;
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  const int64_t age = std::clamp<int64_t>(Nanos(wall) - Nanos(stamp), 0, 10'000'000'000);
  return Instant::FromNanos(Nanos(monotonic) - age);
}

template <class T>
T ReadControl(const cmsghdr* header) {
  T value;
  std::memcpy(&value, CMSG_DATA(header), sizeof(value));
  return value;
}

// One datagram on its way into sendmmsg.
struct SendSlot {
  SocketAddress to;
  iovec data;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control;
};

void SetSource(int family, const SocketAddress& from, SendSlot* slot, msghdr* message) {
  message->msg_control = slot->control.data();
  slot->control.fill(0);
  auto* header = reinterpret_cast<cmsghdr*>(slot->control.data());
  if (family == AF_INET) {
    in_pktinfo info{};
    const SocketAddress v4 = from.Unmapped();
    std::memcpy(&info.ipi_spec_dst, &reinterpret_cast<const sockaddr_in*>(v4.address())->sin_addr,
                4);
    *header = {
        .cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    std::memcpy(CMSG_DATA(header), &info, sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
  } else {
    in6_pktinfo info{};
    const SocketAddress v6 = from.Mapped();
    const auto* raw = reinterpret_cast<const sockaddr_in6*>(v6.address());
    info.ipi6_addr = raw->sin6_addr;
    info.ipi6_ifindex = raw->sin6_scope_id;
    *header = {
        .cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
    std::memcpy(CMSG_DATA(header), &info, sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
  }
}

void FillSlot(int family, const OutgoingDatagram& datagram, SendSlot* slot, msghdr* message) {
  slot->to = family == AF_INET6 ? datagram.to.Mapped() : datagram.to.Unmapped();
  slot->data = {.iov_base = const_cast<uint8_t*>(datagram.bytes.data()),
                .iov_len = datagram.bytes.size()};
  *message = {};
  message->msg_name = const_cast<sockaddr*>(slot->to.address());
  message->msg_namelen = slot->to.length();
  message->msg_iov = &slot->data;
  message->msg_iovlen = 1;
  const bool representable = family == AF_INET6 || datagram.from.Unmapped().family() == AF_INET;
  if (!datagram.from.empty() && !datagram.from.is_wildcard() && representable) {
    SetSource(family, datagram.from, slot, message);
  }
}

}  // namespace

absl::StatusOr<OwnedFd> OpenUdp(const SocketAddress& local, const UdpOptions& options) {
  OwnedFd fd(socket(local.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  if (local.family() == AF_INET6) {
    const bool dual = options.dual_stack && local.is_wildcard();
    if (!SetInt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, dual || local.is_v4_mapped() ? 0 : 1)) {
      return ErrnoStatus(errno, "setsockopt(IPV6_V6ONLY)");
    }
  }
  if (options.reuse_port && !SetInt(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) {
    return ErrnoStatus(errno, "setsockopt(SO_REUSEPORT)");
  }
  if (bind(fd.get(), local.address(), local.length()) != 0) {
    return ErrnoStatus(errno, "bind " + local.ToString());
  }
  if (absl::Status s = ConfigureUdp(fd.get(), options); !s.ok()) return s;
  return fd;
}

absl::Status ConfigureUdp(int fd, const UdpOptions& options) {
  int type = 0;
  socklen_t length = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
    return ErrnoStatus(errno, "SO_TYPE");
  const int family = BoundAddress(fd).family();
  if (type != SOCK_DGRAM || family == AF_UNSPEC) return ErrnoStatus(ENOTSOCK, "not a UDP socket");
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return ErrnoStatus(errno, "fcntl");
  // Fragment rather than drop. Also on IPv6 sockets, for IPv4 peers; IPv6 itself is left alone.
  if (!SetInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)) {
    return ErrnoStatus(errno, "setsockopt(IP_MTU_DISCOVER)");
  }
  // The rest is worth having and not worth failing for.
  SetInt(fd, IPPROTO_IP, IP_TOS, options.traffic_class);
  SetInt(fd, IPPROTO_IP, IP_RECVTOS, 1);
  if (family == AF_INET) {
    SetInt(fd, IPPROTO_IP, IP_PKTINFO, 1);
  } else {
    SetInt(fd, IPPROTO_IPV6, IPV6_TCLASS, options.traffic_class);
    SetInt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    SetInt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
  if (options.kernel_timestamps) SetInt(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  return absl::OkStatus();
}

SocketAddress BoundAddress(int fd) {
  sockaddr_storage raw{};
  socklen_t length = sizeof(raw);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &length) != 0) return {};
  return SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&raw), length);
}

void ParseUdpControl(const msghdr& message, uint16_t port, Datagram::Facts* facts) {
  msghdr m = message;
  for (cmsghdr* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(&m, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      facts->ecn = static_cast<EcnMark>(ReadControl<uint8_t>(c) & 3);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      facts->ecn = static_cast<EcnMark>(ReadControl<int>(c) & 3);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port);
      // ipi_addr is what the datagram says; ipi_spec_dst what we could answer from.
      to.sin_addr = ReadControl<in_pktinfo>(c).ipi_spec_dst;
      facts->to = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&to), sizeof(to));
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      const auto info = ReadControl<in6_pktinfo>(c);
      sockaddr_in6 to{};
      to.sin6_family = AF_INET6;
      to.sin6_port = htons(port);
      to.sin6_addr = info.ipi6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&to.sin6_addr)) to.sin6_scope_id = info.ipi6_ifindex;
      facts->to = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&to), sizeof(to));
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      facts->arrived_at = ArrivalOf(ReadControl<timespec>(c));
    }
  }
}

BatchResult SendUdp(int fd, int family, std::span<const OutgoingDatagram> datagrams) {
  BatchResult result;
  std::array<SendSlot, kUdpBatch> slots;
  std::array<mmsghdr, kUdpBatch> messages;
  while (result.sent < datagrams.size()) {
    const size_t count = std::min(datagrams.size() - result.sent, kUdpBatch);
    for (size_t i = 0; i < count; ++i) {
      FillSlot(family, datagrams[result.sent + i], &slots[i], &messages[i].msg_hdr);
    }
    const int n = sendmmsg(fd, messages.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      result.sent += static_cast<size_t>(n);
    } else if (errno != EINTR) {
      result.status = ErrnoStatus(errno, "sendmsg");
      return result;
    }
  }
  return result;
}

bool IsTransientUdpError(int error) {
  return error == EAGAIN || error == EINTR || error == ECONNREFUSED || error == EHOSTUNREACH ||
         error == ENETUNREACH || error == ENETDOWN || error == EMSGSIZE;
}

}  // namespace mosh::io
