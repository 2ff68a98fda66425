// UdpSocket: datagrams with their addresses and congestion marks. Never connected, never blocks the
// loop.
//
//   absl::StatusOr<std::unique_ptr<UdpSocket>> socket = reactor->BindUdp(SocketAddress::AnyV4(0),
//   {}); for (;;) {
//     absl::StatusOr<Datagram> d = co_await (*socket)->Receive(stop);
//     if (!d.ok()) break;                                    // kCancelled, or the socket is dead
//     do core.OnDatagram(d->bytes(), d->from(), d->ecn());   // decrypts in place
//     while (std::optional<Datagram> more = (*socket)->TryReceive() ...
//   }
//   co_await (*socket)->Close();
#ifndef IO_UDP_SOCKET_H_
#define IO_UDP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/instant.h"
#include "io/address.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::io {

// The largest datagram that is delivered; longer ones are dropped and counted.
// docs/spec/transport.md §4.2 asks for 2048.
inline constexpr size_t kMaxDatagramSize = 2048;

// The two ECN bits of the IP header (RFC 3168), values as on the wire.
enum class EcnMark : uint8_t { kNotEct = 0, kEct1 = 1, kEct0 = 2, kCongestionExperienced = 3 };

struct UdpOptions {
  // Low octet of IP_TOS / IPV6_TCLASS of what is sent: ECT(0) by default (docs/spec/transport.md
  // §4.1).
  uint8_t traffic_class = 0x02;
  // Only for the IPv6 wildcard: IPv4 peers too, as ::ffff:a.b.c.d.
  bool dual_stack = true;
  // SO_REUSEPORT, for several processes on one port.
  bool reuse_port = false;
  // Ask the kernel when datagrams arrived (Datagram::arrived_at). Costs a little per datagram.
  bool kernel_timestamps = false;
};

// Gives a datagram's memory back to its socket.
class DatagramOwner {
 public:
  virtual void Recycle(uint32_t buffer) = 0;

 protected:
  ~DatagramOwner() = default;
};

// One received datagram: a lease of the socket's memory. Move-only; the memory returns to the
// socket when it dies, so keep few and not for long (a socket has at least eight). Must die before
// its socket does.
class Datagram {
 public:
  struct Facts {
    std::span<uint8_t> bytes;
    SocketAddress from;
    SocketAddress to;
    EcnMark ecn = EcnMark::kNotEct;
    std::optional<Instant> arrived_at;
  };
  Datagram(const Facts& facts, DatagramOwner* owner, uint32_t buffer)
      : facts_(facts), owner_(owner), buffer_(buffer) {}
  Datagram(Datagram&& other) noexcept
      : facts_(other.facts_),
        owner_(std::exchange(other.owner_, nullptr)),
        buffer_(other.buffer_) {}
  Datagram& operator=(Datagram&& other) noexcept;
  ~Datagram() {
    if (owner_ != nullptr) owner_->Recycle(buffer_);
  }

  // The payload. The receiver may change it, e.g. decrypt in place.
  std::span<uint8_t> bytes() const { return facts_.bytes; }
  const SocketAddress& from() const { return facts_.from; }
  // The local address it was sent to, with the socket's port; empty if unknown.
  const SocketAddress& to() const { return facts_.to; }
  EcnMark ecn() const { return facts_.ecn; }
  // On the reactor's clock; only with UdpOptions::kernel_timestamps.
  std::optional<Instant> arrived_at() const { return facts_.arrived_at; }

 private:
  Facts facts_;
  DatagramOwner* owner_;
  uint32_t buffer_;
};

struct OutgoingDatagram {
  std::span<const uint8_t> bytes;
  SocketAddress to;
  // The local address to send from (its port is ignored); empty: the kernel chooses. A server on
  // several addresses answers from Datagram::to().
  SocketAddress from;
};

struct BatchResult {
  size_t sent = 0;      // datagrams taken by the kernel, from the front
  absl::Status status;  // why it stopped; OK if all were taken
};

class UdpSocket {
 public:
  virtual ~UdpSocket() = default;

  // The next datagram, in order of arrival. Several may have come with one wake-up: then the next
  // calls complete without waiting. One receiver at a time. kCancelled: `stop`; any other error:
  // the socket is of no more use.
  virtual Task<absl::StatusOr<Datagram>> Receive(StopToken stop) = 0;
  // A datagram that is here already, if any. Never asks the kernel.
  virtual std::optional<Datagram> TryReceive() = 0;

  // Sends at once, without waiting. kResourceExhausted: the socket's buffer is full (drop or try
  // later); kOutOfRange: too big for the path; kUnavailable: no route and the like; see
  // io/status.h. No error breaks the socket.
  virtual BatchResult SendBatch(std::span<const OutgoingDatagram> datagrams) = 0;
  absl::Status SendNow(std::span<const uint8_t> bytes, const SocketAddress& to);

  // The bound address with the real port.
  virtual SocketAddress local_address() const = 0;
  // For options of the owner's own; -1 in simulation.
  virtual int fd() const = 0;
  // Datagrams dropped because they were longer than kMaxDatagramSize.
  virtual uint64_t oversized_dropped() const = 0;

  // Gives everything back to the kernel. Must be awaited before the destructor, with no receiver
  // waiting.
  virtual Task<void> Close() = 0;
};

}  // namespace mosh::io

#endif  // IO_UDP_SOCKET_H_
