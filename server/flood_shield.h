// Keeps a flood of forged datagrams away from sockets whose clients are at known addresses.
//
// Authentication tells a client's datagram from a stranger's, but only once it has been read, and
// reading is what a flood makes expensive: it takes the processor from the sessions, and room in
// the socket's queue from their clients. So while strangers flood (flood_gauge.h) the kernel
// filters by source (source_filter.h). A client at a new address, or a new client, is a stranger
// until one of its datagrams was among those that are read.
#ifndef SERVER_FLOOD_SHIELD_H_
#define SERVER_FLOOD_SHIELD_H_

#include <linux/filter.h>

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/strings/string_view.h"
#include "io/address.h"
#include "io/reactor.h"
#include "io/timer_queue.h"
#include "server/flood_gauge.h"

namespace mosh::server {

class FloodShield final : private io::TimerNode {
 public:
  // Where clients are; of more than `most` those heard last.
  using Clients = std::function<std::vector<io::SocketAddress>(size_t most)>;
  using Log = std::function<void(absl::string_view line)>;

  // `reactor` outlives the shield. `check`: what its sockets are to do before the shield's filter
  // and without it: statements that drop a datagram or run off their end. Empty: nothing.
  FloodShield(io::Reactor* reactor, std::vector<sock_filter> check, Clients clients, Log log);

  // A UDP socket that stays open as long as the shield; -1, a simulated one, is left alone. A
  // filter that somebody has left there goes.
  void AddSocket(int fd);

  // A datagram was read that isn't authentic.
  void OnStranger() { gauge_.OnStranger(); }
  // A client was heard from another address than before.
  void OnClientMoved() { moved_ = true; }
  // After each batch of datagrams.
  void Update();

  bool raised() const { return raised_; }

 private:
  void OnTimer() override;
  void Raise(double share);
  void Lower();

  io::Reactor* reactor_;
  const std::vector<sock_filter> check_;
  Clients clients_;
  Log log_;
  std::vector<int> sockets_;
  FloodGauge gauge_;
  bool raised_ = false;
  bool moved_ = false;
  double share_ = 1;  // of strangers' datagrams that the kernel lets pass
};

}  // namespace mosh::server

#endif  // SERVER_FLOOD_SHIELD_H_
