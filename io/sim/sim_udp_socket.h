// A datagram socket of a simulated host. Internal to io/sim/.
#ifndef IO_SIM_SIM_UDP_SOCKET_H_
#define IO_SIM_SIM_UDP_SOCKET_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "io/event.h"
#include "io/sim/sim_reactor.h"
#include "io/udp_socket.h"

namespace mosh::io::sim {

class SimUdpSocket final : public UdpSocket, private DatagramOwner {
 public:
  // What arrives while this many wait is lost, as in a kernel's full socket buffer.
  static constexpr size_t kQueueLimit = 256;

  SimUdpSocket(SimReactor* host, const SocketAddress& local, const UdpOptions& options);
  ~SimUdpSocket() override;

  void Deliver(const SocketAddress& from, EcnMark ecn, std::vector<uint8_t> bytes);

  Task<absl::StatusOr<Datagram>> Receive(StopToken stop) override;
  std::optional<Datagram> TryReceive() override;
  BatchResult SendBatch(std::span<const OutgoingDatagram> datagrams) override;
  SocketAddress local_address() const override { return local_; }
  int fd() const override { return -1; }
  uint64_t oversized_dropped() const override { return oversized_; }
  Task<void> Close() override;

 private:
  struct Arrived {
    SocketAddress from;
    EcnMark ecn;
    Instant at;
    std::vector<uint8_t> bytes;
  };

  void Recycle(uint32_t buffer) override;

  SimReactor* host_;
  SocketAddress local_;
  UdpOptions options_;
  bool open_ = true;
  uint64_t oversized_ = 0;
  std::deque<Arrived> queue_;
  std::vector<std::vector<uint8_t>> leased_;  // by Datagram's buffer number
  std::vector<uint32_t> free_;
  Event arrived_;
};

}  // namespace mosh::io::sim

#endif  // IO_SIM_SIM_UDP_SOCKET_H_
