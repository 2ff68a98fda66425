#include "server/gate/route_program.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "crypto/route_tag.h"
#include "io/status.h"

namespace mosh::server::gate {
namespace {

using crypto::RouteTag;

// Of the first 32 bits of a datagram.
constexpr uint32_t kDirectionBit = uint32_t{1} << 31;
constexpr uint32_t kHostShift = 31 - RouteTag::kHostBits;
constexpr uint32_t kTagShift = 31 - RouteTag::kHostBits - RouteTag::kEndpointBits;
static_assert(RouteTag::kHostBits + RouteTag::kEndpointBits <= 31);

// A socket's filter sees the UDP header too; the program of a group doesn't.
constexpr uint32_t kUdpHeader = 8;

sock_filter Statement(uint16_t code, uint32_t value) { return {code, 0, 0, value}; }
sock_filter Jump(uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  return {code, if_true, if_false, value};
}

}  // namespace

std::vector<sock_filter> RouteProgram(size_t sockets) {
  return {
      Statement(BPF_LD | BPF_W | BPF_LEN, 0),
      Jump(BPF_JMP | BPF_JGE | BPF_K, kLeastDatagram, 0, 5),
      Statement(BPF_LD | BPF_W | BPF_ABS, 0),
      Jump(BPF_JMP | BPF_JGE | BPF_K, kDirectionBit, 3, 0),
      Statement(BPF_ALU | BPF_RSH | BPF_K, kHostShift),
      Jump(BPF_JMP | BPF_JGE | BPF_K, static_cast<uint32_t>(sockets), 1, 0),
      Statement(BPF_RET | BPF_A, 0),
      Statement(BPF_RET | BPF_K, 0),
  };
}

std::vector<sock_filter> StockClientCheck() {
  return {
      Statement(BPF_LD | BPF_W | BPF_LEN, 0),
      Jump(BPF_JMP | BPF_JGE | BPF_K, kUdpHeader + kLeastDatagram, 0, 2),
      Statement(BPF_LD | BPF_W | BPF_ABS, kUdpHeader),
      Jump(BPF_JMP | BPF_JGE | BPF_K, uint32_t{1} << kTagShift, 0, 1),
      Statement(BPF_RET | BPF_K, 0),
  };
}

absl::Status AttachRouteProgram(int socket, size_t sockets) {
  std::vector<sock_filter> program = RouteProgram(sockets);
  const sock_fprog loaded{.len = static_cast<uint16_t>(program.size()), .filter = program.data()};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &loaded, sizeof loaded) == 0) {
    return absl::OkStatus();
  }
  return io::ErrnoStatus(errno, "setsockopt(SO_ATTACH_REUSEPORT_CBPF)");
}

}  // namespace mosh::server::gate
