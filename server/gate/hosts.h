// The Hosts as the gate sees them: which users have one, with which number, and the links to them.
// Starts them when somebody asks, hands control connections on, and notices their ends.
#ifndef SERVER_GATE_HOSTS_H_
#define SERVER_GATE_HOSTS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/instant.h"
#include "io/owned_fd.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "server/gate/config.h"
#include "server/gate/keeper.h"
#include "server/gate/kept.h"
#include "server/gate/link.h"
#include "server/gate/log.h"
#include "server/gate/relay.h"
#include "server/gate/shared_port.h"
#include "server/gate/spawner.h"
#include "server/gate/token_bucket.h"

namespace mosh::server::gate {

class Hosts final : private Relay::Sink {
 public:
  struct Parts {
    SharedPort port;
    KeeperConnection keeper;
    Spawner spawner;
    // Of an earlier gate.
    std::vector<KeptHost> kept;
    uint64_t build = 0;
  };
  // What is known about one, for people.
  struct Facts {
    HostNumber number;
    uid_t uid;
    LinkState state;
    bool current;  // new sessions of the user go there
  };

  // All pointers outlive it. `config_text` is what Hosts are born with.
  Hosts(io::Reactor* reactor, const Log* log, Parts parts, Config config, std::string config_text);

  // Reads all links until `stop`.
  io::Task<void> Run(io::StopToken stop);

  // Gives a control connection of this user to the user's Host, and starts one if there is none.
  // An error is for whoever connected.
  absl::Status HandOver(uid_t uid, int connection);
  // Whether that would start none.
  bool HasHost(uid_t uid) const { return current_.contains(uid); }

  // New Hosts are born with it, and those that there are learn its limits.
  void Reconfigure(Config config, std::string config_text);
  // The last keeper is gone: everything goes to this one.
  absl::Status SetKeeper(KeeperConnection keeper);

  Relay& relay() { return relay_; }
  const Relay& relay() const { return relay_; }
  const SharedPort& port() const { return port_; }
  const KeeperConnection& keeper() const { return keeper_; }
  Spawner& spawner() { return spawner_; }
  std::vector<Facts> All() const;
  size_t size() const { return hosts_.size(); }

 private:
  struct Host {
    HostNumber number;
    uid_t uid;
    uint64_t build;
    io::OwnedFd link;
    LinkState state;
  };

  // Relay::Sink.
  bool Deliver(HostNumber number, const RelayedDatagram& datagram) override;

  void Adopt(KeptHost kept);
  // Starts the user's Host, with this connection waiting for it.
  absl::Status Start(uid_t uid, int connection);
  static absl::Status Pass(int link, int connection);
  absl::StatusOr<HostNumber> FreeNumber();
  Host* CurrentOf(uid_t uid);
  void Listen(Host* host);
  io::Task<void> ReadLink(HostNumber number, io::StopToken stop);
  void OnMessage(Host* host, const LinkMessage& message);
  void OnState(Host* host, const LinkState& state);
  void OnEnd(HostNumber number);
  bool Tell(const Host& host, const LinkMessage& message) const;
  void Steer();

  io::Reactor* reactor_;
  const Log* log_;
  SharedPort port_;
  KeeperConnection keeper_;
  Spawner spawner_;
  uint64_t build_;
  Config config_;
  std::string config_text_;
  Relay relay_;
  std::map<HostNumber, std::unique_ptr<Host>> hosts_;
  // To whom a user's connections go; a Host that is about to end, or of an earlier build, isn't
  // here.
  std::map<uid_t, HostNumber> current_;
  // How often each user's Host may be started.
  std::map<uid_t, TokenBucket> starts_;
  io::Scope* scope_ = nullptr;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_HOSTS_H_
