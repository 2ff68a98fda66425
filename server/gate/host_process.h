// A user's Host under the gate: a server::Host with one of the shared port's sockets, and the link.
// Runs as the user.
//
//   link ─▶ control connections ─▶ ServeControl ─▶ Host
//        ─▶ stock clients' datagrams ────────────▶ Host ── authentic? ─▶ link
#ifndef SERVER_GATE_HOST_PROCESS_H_
#define SERVER_GATE_HOST_PROCESS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "crypto/random.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "server/control/control_listener.h"
#include "server/gate/host_birth.h"
#include "server/gate/link.h"
#include "server/gate/packet_socket.h"
#include "server/host.h"
#include "server/utmp.h"

namespace mosh::server::gate {

class HostProcess {
 public:
  // Connections served at a time, beside those of the Host's own socket.
  static constexpr size_t kMaxConnections = 64;

  // Pointers outlive it.
  HostProcess(io::Reactor* reactor, UtmpKeeper* keeper, HostLife life,
              crypto::RandomSource* random);

  // Sockets and signals. Before Run().
  absl::Status Prepare();

  // Until the gate lets it go, which it does some time after the last session; until a signal has
  // ended all sessions; or until gate and keeper are both gone: then the port's order is lost with
  // them, and the sessions say goodbye while their clients can still hear it.
  io::Task<void> Run();

 private:
  io::Task<void> ReadLink(io::StopToken stop);
  io::Task<void> Report(io::StopToken stop);
  io::Task<void> Serve(std::unique_ptr<io::UnixConnection> connection, io::StopToken stop);
  // Returns false when there is no more to read.
  bool ReadPacket(std::span<uint8_t> buffer);
  void OnConnection(io::OwnedFd fd);
  void OnEnd();
  void OnDatagram(const RelayedDatagram& datagram, std::span<uint8_t> packet);
  void OnLimits(const LinkLimits& limits);
  void SendState(bool idle);
  uint32_t sessions() const { return static_cast<uint32_t>(host_.SessionIds().size()); }

  io::Reactor* reactor_;
  HostLife life_;
  Host host_;
  std::unique_ptr<ControlListener> listener_;  // null: there is no place for it
  io::StopSource end_;
  io::Scope scope_;
  uint64_t taken_ = 0;            // connections, since the Host began
  uint64_t taken_when_idle_ = 0;  // when it was last said to be idle
  size_t serving_ = 0;
};

// The whole life, for BearHost.
void LiveAsHost(HostLife life);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_HOST_PROCESS_H_
