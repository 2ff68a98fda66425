// A user-space UDP relay with a bad network inside: clients send to its port, it sends on to one
// server.
//
//   client A ──┐              ┌─ Link up ──▶ 127.0.0.2:x ──▶
//   client B ──┴─▶ port() ────┤                               server
//                             └─ Link down ◀─ 127.0.0.2:x ◀──
//
// Like a NAT, each client source address gets a source of its own toward the server; all share the
// two Links. Roam() changes the sources: what the server still sends to the old ones is lost. The
// TOS octet (ECN) passes through.
//
// Single-threaded, driven by poll(): AppendPollFds, wait until NextDeadline, Turn. RunRelay is that
// loop. All Instants are on one clock chosen by the caller; blackout windows count from its origin.
// For loopback and tests: addresses are numeric, and the source toward a server on 127.0.0.0/8 is
// another address of that net after each Roam.
#ifndef NETEM_RELAY_RELAY_H_
#define NETEM_RELAY_RELAY_H_

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/instant.h"
#include "netem/conditions.h"
#include "netem/link.h"

namespace mosh::netem {

struct RelayOptions {
  std::string listen_host = "127.0.0.1";
  uint16_t listen_port = 0;  // 0: the kernel chooses
  std::string server_host;
  uint16_t server_port = 0;
  PathConditions conditions;
  uint64_t seed = 1;
};

struct RelayStats {
  LinkStats up, down;
  uint64_t to_old_address = 0;  // came from the server for a source that Roam() gave up
  uint64_t send_failures = 0;   // the kernel refused: no buffer, no route
  uint64_t clients = 0;         // client source addresses seen
  uint64_t roams = 0;
};

// A socket address as the kernel wants it.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;

  static absl::StatusOr<Endpoint> Parse(const std::string& numeric_host, uint16_t port);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  friend bool operator==(const Endpoint& a, const Endpoint& b);
};

class Relay {
 public:
  // Errors: kInvalidArgument for a bad address, kUnavailable with the system's reason if a socket
  // can't be had.
  static absl::StatusOr<std::unique_ptr<Relay>> Create(const RelayOptions& options);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  uint16_t port() const;

  void AppendPollFds(std::vector<pollfd>* fds) const;  // all for POLLIN
  Instant NextDeadline() const;
  // Reads what has come and sends what is due. Never blocks; harmless at any time.
  void Turn(Instant now);

  // New source addresses toward the server, for all clients.
  void Roam();
  void SetConditions(const PathConditions& conditions);
  PathConditions conditions() const { return {up_.conditions(), down_.conditions()}; }
  RelayStats stats() const;

 private:
  // A source address toward the server, on behalf of one client.
  struct Upstream {
    uint64_t id;
    int fd;
    uint64_t client_id;
    bool retired;  // given up by Roam: still sends what is under way, hears nothing
  };
  struct Client {
    uint64_t id;
    Endpoint address;
    uint64_t upstream_id;
  };

  Relay(const RelayOptions& options, int listen_fd, Endpoint server);
  void ReadFromClients(Instant now);
  void ReadFromServer(const Upstream& upstream, Instant now);
  void Deliver(Instant now);
  Client* FindOrAddClient(const Endpoint& address);
  uint64_t OpenUpstream(uint64_t client_id);  // 0: no socket to be had
  Upstream* FindUpstream(uint64_t id);
  void DropOldRetired();
  void Send(int fd, const Endpoint& to, const Link::Delivery& delivery);

  int listen_fd_;
  Endpoint server_;
  Link up_, down_;
  std::vector<Client> clients_;      // oldest first
  std::vector<Upstream> upstreams_;  // oldest first
  uint64_t next_id_ = 1;
  RelayStats stats_;
};

// Runs until control_in ends or says "quit" (then 0), or polling fails (1). control_in: a pipe, tty
// or socket, or -1 for "until killed". Each line gets one line of answer on control_out (-1: none),
// "ok…" or "error: …":
//   net PROFILE   new conditions (profile.h); blackouts count from now
//   blackout MS   nothing passes either way from now on, for so long
//   roam          new source address
//   stats         ok up_pushed=… up_delivered=… …
//   quit
int RunRelay(Relay& relay, int control_in, int control_out);

}  // namespace mosh::netem

#endif  // NETEM_RELAY_RELAY_H_
