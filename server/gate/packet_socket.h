// Packets with descriptors over a seqpacket socket, for code that waits by itself or not at all.
#ifndef SERVER_GATE_PACKET_SOCKET_H_
#define SERVER_GATE_PACKET_SOCKET_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/owned_fd.h"

namespace mosh::server::gate {

// That many descriptors can travel with one packet.
inline constexpr size_t kMaxPacketFds = 16;

absl::StatusOr<std::pair<io::OwnedFd, io::OwnedFd>> MakePacketPair();
// Listens at `path`, in place of whatever socket was there: the caller knows that nobody uses it
// any more. Descriptors made here don't block.
absl::StatusOr<io::OwnedFd> ListenAt(const std::string& path, mode_t mode);
// Blocks; gives up sending or receiving after a few seconds.
absl::StatusOr<io::OwnedFd> ConnectTo(const std::string& path);
// The same limit for a socket from elsewhere.
void LimitWaiting(int socket);

// Waits unless the socket doesn't block.
absl::Status SendPacket(int socket, std::span<const uint8_t> packet, std::span<const int> fds = {});
// At once or not at all. False: there is no room, or nobody there.
bool TrySendPacket(int socket, std::span<const uint8_t> packet, std::span<const int> fds = {});

struct ReceivedPacket {
  enum class Kind : uint8_t {
    kPacket,
    kNothing,  // not yet, or not in time
    kEnd,      // the other side is gone
  };
  Kind kind = Kind::kEnd;
  std::span<uint8_t> bytes;  // of the buffer
  std::vector<io::OwnedFd> fds;
};
// A packet that is longer than the buffer, or empty, counts as the end. `wait` false: at once.
ReceivedPacket ReceivePacket(int socket, std::span<uint8_t> buffer, bool wait);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_PACKET_SOCKET_H_
