// A Host: the sockets, the sessions and their endpoints of one user's process, and the one loop
// that drives them.
//
//   Host ──┬── UdpSocket*      ─▶ Router: which endpoint is a datagram for
//          └── Session*           one program, one screen
//                └── Endpoint*    one client of it
//
// `mosh-server new` is a Host with one of each that has its port for itself and ends with its
// session. A shared Host (HostOptions::linger) takes new sessions and clients through HostControl.
// Everything waits on io interfaces, so a whole Host runs in simulation. One thread.
#ifndef SERVER_HOST_H_
#define SERVER_HOST_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/signals.h"
#include "io/task.h"
#include "io/udp_socket.h"
#include "server/attachment_record.h"
#include "server/endpoint.h"
#include "server/host_control.h"
#include "server/lifetime.h"
#include "server/limits.h"
#include "server/program.h"
#include "server/session.h"
#include "server/timeouts.h"
#include "term/size.h"

namespace mosh::server {

// Whose window decides the size of a session with several clients.
enum class SizeRule : uint8_t {
  kLatest,    // of the client that typed or resized last
  kSmallest,  // of all that may type, per dimension
};

struct HostOptions {
  Timeouts timeouts;
  Limits limits;
  SizeRule size_rule = SizeRule::kLatest;
  // The host part of its keys' route tags (crypto/route_tag.h). 0: it has its port for itself, and
  // any key will do.
  uint16_t host_number = 0;
  // Unset: Run() ends with the last session. Set: it is shared, and ends after being empty so long.
  std::optional<std::chrono::seconds> linger;
  // The user that it belongs to, for Describe.
  std::string user;
  // What NewSession starts. Null: it takes no new sessions.
  RequestedProgramStarter start_program;

  // 1: every datagram; 2: every turn of the loop.
  int verbosity = 0;
  // Takes one line of text, without its end. Never null.
  std::function<void(absl::string_view)> log = [](absl::string_view) {};
  // For times that people see.
  std::function<absl::Time()> wall_clock = absl::Now;
};

// What a session starts with.
struct SessionParts {
  term::Size size;                   // until the first client has said its own
  std::vector<std::string> command;  // for Describe; empty: the login shell
  ProgramStarter start;
};

class Host final : public HostControl, private Session::Listener {
 public:
  // `reactor` and `random` outlive the host.
  Host(io::Reactor* reactor, HostOptions options, crypto::RandomSource* random);
  ~Host() override;

  // Before Run(). The first socket's port is what grants name, and what datagrams that were relayed
  // here are answered from.
  void AddSocket(std::unique_ptr<io::UdpSocket> socket);
  // Before Run(). SIGTERM and SIGINT say goodbye to all clients, and the second time end at once;
  // SIGUSR1 ends the sessions whose clients have been silent (Timeouts::signal).
  void AddSignals(std::unique_ptr<io::SignalSource> signals);

  // A session and its first client's key, which isn't kept beyond its cipher. Gives the session's
  // id.
  std::string AddSession(SessionParts parts, const crypto::SessionKey& key);

  // Serves until the last session is over, or a shared host was empty for long or told to end;
  // `stop` ends it without a goodbye. Programs are hung up then, records gone, sockets closed.
  io::Task<void> Run(io::StopToken stop = {});
  // Says goodbye to all clients; Run() returns when they have answered or had their time.
  void StartShutdown();

  // A datagram that reached another process on our port. True: it was authentic, for one of our
  // endpoints, which from now on is found at `from`. Decrypts in place.
  bool OnRelayedDatagram(std::span<uint8_t> bytes, const io::SocketAddress& from,
                         const io::SocketAddress& to, io::EcnMark ecn);

  // HostControl.
  absl::StatusOr<control::Grant> NewSession(const control::NewSession& request) override;
  absl::StatusOr<control::Grant> Attach(const control::Attach& request) override;
  absl::Status Detach(const control::Detach& request) override;
  absl::Status Terminate(const control::Terminate& request) override;
  absl::Status Notify(const control::Notify& request) override;
  absl::StatusOr<control::Snapshot> TakeSnapshot(const control::TakeSnapshot& request) override;
  std::vector<std::string> SessionIds() const override;
  absl::StatusOr<control::Session> Describe(absl::string_view session_id) const override;
  void AddWatcher(SessionWatcher* watcher) override;
  void RemoveWatcher(SessionWatcher* watcher) override;

  const Session& session() const { return *session_; }
  const Endpoint& endpoint() const { return *endpoint_; }
  // How often the loop woke up, for tests of idleness.
  uint64_t turns() const { return turns_; }

 private:
  enum class Phase {
    kServing,
    kShuttingDown,  // we asked; waiting for the client's answer
    kSettling,      // the client asked and has our answer, which may have got lost
    kOver,
  };

  io::Task<void> ReceiveDatagrams(io::UdpSocket* socket, io::StopToken stop);
  io::Task<void> ReceiveSignals(io::StopToken stop);

  // Session::Listener.
  void OnScreenChange(ssp::ChangeHint hint) override;
  void OnInputRoom() override { wake_.Set(); }
  void OnProgramEnd() override;

  void OnDatagram(const io::Datagram& datagram);
  void OnClientState(Instant now);
  void StartProgram();
  void PumpInput(Instant now);
  void Turn(Instant now);
  void Send(Instant now);
  void CheckEnd(Instant now);
  void Obey(const Lifetime::Decision& decision, Instant now);
  void Relabel(Instant now);
  Instant NextDeadline() const;
  void Log(absl::string_view line) { options_.log(line); }

  io::Reactor* reactor_;
  HostOptions options_;
  crypto::RandomSource* random_;
  std::vector<std::unique_ptr<io::UdpSocket>> sockets_;
  std::unique_ptr<io::SignalSource> signals_;
  ProgramStarter start_;  // null once called
  std::unique_ptr<AttachmentRecord> record_;
  Lifetime lifetime_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Endpoint> endpoint_;

  Phase phase_ = Phase::kServing;
  io::Event wake_;
  io::Scope scope_;
  std::string recorded_address_;         // empty: recorded as detached
  Instant relabel_at_ = Instant::Max();  // when an attached session counts as detached
  uint64_t turns_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_HOST_H_
