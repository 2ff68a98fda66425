// A Host: the sockets, the sessions and their endpoints of one user's process, and the one loop
// that drives them.
//
//   Host ──┬── UdpSocket*           ─▶ Router: which endpoint is a datagram for
//          └── HostedSession*          one Session: one program, one screen
//                └── SessionClient*    one Endpoint: one client of it
//
// A turn of the loop costs what has happened, not what there is: sessions that have something to do
// stand in a list, all others wait at their deadlines in the reactor's heap.
//
// `mosh-server new` is a Host with one of each that has its port for itself and ends with its
// session. A shared Host (HostOptions::linger) takes new sessions and clients through HostControl.
// Everything waits on io interfaces, so a whole Host runs in simulation. One thread.
#ifndef SERVER_HOST_H_
#define SERVER_HOST_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/address.h"
#include "io/event.h"
#include "io/intrusive_list.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/signals.h"
#include "io/task.h"
#include "io/timer.h"
#include "io/udp_socket.h"
#include "server/flood_shield.h"
#include "server/host_control.h"
#include "server/host_options.h"
#include "server/hosted_session.h"
#include "server/limits.h"
#include "server/outbox.h"
#include "server/router.h"
#include "term/history_limits.h"

namespace mosh::server {

class Host final : public HostControl {
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

  // The number of sessions counts at once, the rest for sessions that begin from now on.
  void SetLimits(const Limits& limits) { options_.limits = limits; }
  // For sessions that begin from now on.
  void SetHistory(const term::HistoryLimits& history) { options_.history = history; }

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
  absl::Status Hold(const control::Hold& request) override;
  absl::Status SetWatched(const control::SetWatched& request, const void* by) override;
  void EndWatched(const void* by) override;
  void SetLimits(const control::SetLimits& request, Teller teller) override;
  control::Host DescribeHost() const override;
  std::vector<std::string> SessionIds() const override;
  absl::StatusOr<control::Session> Describe(absl::string_view session_id) const override;
  void AddWatcher(SessionWatcher* watcher) override;
  void RemoveWatcher(SessionWatcher* watcher) override;
  absl::Status AddScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) override;
  void RemoveScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) override;
  std::optional<ScreenNow> LookAt(absl::string_view session_id) const override;

  // Null if there is none of that name.
  const HostedSession* Find(absl::string_view session_id) const;
  const Router& router() const { return router_; }
  // How often the loop woke up, for tests of idleness.
  uint64_t turns() const { return turns_; }

 private:
  io::Task<void> ReceiveDatagrams(io::UdpSocket* socket, io::StopToken stop);
  io::Task<void> ReceiveSignals(io::StopToken stop);
  io::Task<void> CloseProgram(HostedSession* session);
  // Closes it, destroys it, and waits for its program to have ended.
  io::Task<void> Bury(std::unique_ptr<HostedSession> session, io::StopToken stop);

  bool Deliver(const ReceivedDatagram& datagram);
  void DeliverOwn(const io::Datagram& datagram, io::UdpSocket* socket);
  // Of all clients of all sessions; of more than `most` those heard last.
  std::vector<io::SocketAddress> ClientAddresses(size_t most) const;
  void Turn();
  void TakeTurn(HostedSession* session, Instant now);
  void FinishTurn(HostedSession* session);
  void Remove(HostedSession* session);
  // Nothing is left to do.
  bool IsOver();

  crypto::SessionKey NewKey() const;
  std::string NewSessionId() const;
  HostedSession* FindMutable(absl::string_view session_id);
  HostedSession* NewestDetached();
  HostedSession* OpenSession(SessionParts parts);
  absl::StatusOr<control::Grant> GrantTo(HostedSession* session, bool view_only, bool steals);

  io::Reactor* reactor_;
  HostOptions options_;
  crypto::RandomSource* random_;
  std::vector<std::unique_ptr<io::UdpSocket>> sockets_;
  std::unique_ptr<io::SignalSource> signals_;
  Router router_;
  FloodShield shield_;
  Outbox outbox_;
  std::unique_ptr<uint8_t[]> read_buffer_;  // shared by all that read
  SessionServices services_;

  std::vector<std::unique_ptr<HostedSession>> sessions_;  // in order of creation
  absl::flat_hash_map<std::string, HostedSession*> by_id_;
  io::IntrusiveList<HostedSession> want_turn_;
  io::IntrusiveList<HostedSession> want_turn_later_;
  io::IntrusiveList<HostedSession> had_turn_;
  std::vector<SessionWatcher*> watchers_;
  std::array<control::Limits, 2> told_;  // by Teller

  const Instant started_at_;
  io::Event wake_;
  io::Timer linger_timer_;
  Instant empty_since_;
  bool shutting_down_ = false;
  bool broken_ = false;  // a socket died
  uint64_t turns_ = 0;
  io::Scope scope_;
};

}  // namespace mosh::server

#endif  // SERVER_HOST_H_
