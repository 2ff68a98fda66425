// The client's end on the network: one transport over one or several UDP sockets, hopping ports
// when answers stay away (docs/spec/transport.md §4.5). Everything typed goes in, the server's
// newest screen comes out. Datagrams are numbered from the key's route tag on (crypto/route_tag.h).
//
// Runs as coroutines in a scope of its own; sets an event of the owner's whenever something came
// in. One thread.
#ifndef CLIENT_CONNECTION_H_
#define CLIENT_CONNECTION_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "client/resume_keeper.h"
#include "client/sequence_lease.h"
#include "crypto/random.h"
#include "crypto/route_tag.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/udp_socket.h"
#include "ssp/port_hopper.h"
#include "ssp/predictions.h"
#include "ssp/transport.h"
#include "sync/host_state.h"
#include "sync/user_stream.h"
#include "term/size.h"

namespace mosh::client {

class Connection {
 public:
  using Transport = ssp::Transport<sync::UserStream, sync::HostState>;

  // `size` is the window's: the first thing the server is told. `wake`, `reactor` and `random`
  // outlive the connection, and so does `keeper`, which may be null.
  Connection(io::Reactor* reactor, const io::SocketAddress& server, const crypto::SessionKey& key,
             crypto::RandomSource* random, term::Size size, io::Event* wake,
             const ClientProcess& process = {}, ResumeKeeper* keeper = nullptr);
  // Closed already, or never opened.
  ~Connection() = default;

  // Opens the first socket. Error: this machine has no such network.
  absl::Status Open();
  // Stops receiving and gives the sockets back.
  io::Task<void> Close();

  void Type(absl::string_view bytes);
  void Resize(term::Size size);
  void StartShutdown() { transport_.StartShutdown(reactor_->Now()); }

  // Told to a server that reads it, with something that is sent anyway.
  void SetPredictions(const ssp::Predictions& predictions) {
    transport_.SetPredictions(predictions);
  }

  // Sends what is due. To be called last in a turn, and after everything typed. The error is fatal:
  // the key is used up.
  absl::Status Pump();
  Instant NextDeadline() const { return std::min(transport_.NextDeadline(), keep_at_); }

  // A screen came since the last call.
  bool TakeNewScreen() { return std::exchange(new_screen_, false); }
  // Something was ever heard from the server.
  bool connected() const { return transport_.remote_num() > ssp::StateNum{0}; }
  const Transport& transport() const { return transport_; }

  struct SendOutcome {
    bool worked = false;  // something was sent, without an error
    std::string error;    // "sendto: Network is unreachable"; empty if none
  };
  // Of the sends since the last call.
  SendOutcome TakeSendOutcome() { return std::exchange(outcome_, {}); }
  // Authentic, but not understood: worth telling, unlike what strangers send. Empty if there was
  // none since.
  std::string TakeProblem() { return std::exchange(problem_, {}); }
  uint64_t hops() const { return hops_; }
  // Why this session could not be kept for another process to continue; OK if there was nothing.
  const absl::Status& keeping_trouble() const { return lease_.trouble(); }

 private:
  struct Socket {
    Socket(std::unique_ptr<io::UdpSocket> of_udp, io::StopToken parent)
        : udp(std::move(of_udp)), stop(parent) {}
    std::unique_ptr<io::UdpSocket> udp;
    io::StopSource stop;
  };
  class Sink;

  absl::Status OpenSocket();
  io::Task<void> Receive(Socket* socket);
  void OnDatagram(const io::Datagram& datagram);
  void OnSendError(const absl::Status& status);
  // Why Pump() failed, for the user.
  absl::Status Explain(const absl::Status& fatal) const;
  void HopIfSilent(Instant now);
  void Prune(Instant now);
  void Forget(Socket* socket);
  // How much is known of the server by now, for the lease.
  SequenceLease::Server KnownServer(Instant now);
  // The newest that is still in use; null if there is none.
  Socket* Newest();

  io::Reactor* reactor_;
  io::SocketAddress server_;
  crypto::RouteTag tag_;
  SequenceLease lease_;
  io::Event* wake_;
  io::Scope scope_;
  std::vector<std::unique_ptr<Socket>> sockets_;  // oldest first
  sync::UserStream stream_;
  Transport transport_;
  ssp::PortHopper hopper_;
  Instant keep_at_ = Instant::Max();  // when to see to it that another process can continue
  bool server_known_ = false;
  bool new_screen_ = false;
  bool opened_ = false;
  SendOutcome outcome_;
  std::string problem_;
  uint64_t hops_ = 0;
};

}  // namespace mosh::client

#endif  // CLIENT_CONNECTION_H_
