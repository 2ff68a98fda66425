// A Host: the sockets, the sessions and their endpoints of one user's process, and the one loop
// that drives them.
//
//   Host ──┬── UdpSocket   ─▶ Route(): which endpoint is a datagram for
//          ├── Session        one program, one screen
//          └── Endpoint       one client of it
//
// `mosh-server new` is a Host with one of each. All policy about coming and going is Lifetime's;
// all policy about the wire is the transport's. Everything waits on io interfaces, so a whole Host
// runs in simulation.
#ifndef SERVER_HOST_H_
#define SERVER_HOST_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/signals.h"
#include "io/stream.h"
#include "io/task.h"
#include "io/udp_socket.h"
#include "server/attachment_record.h"
#include "server/endpoint.h"
#include "server/lifetime.h"
#include "server/session.h"
#include "server/timeouts.h"
#include "term/size.h"

namespace mosh::server {

struct HostOptions {
  Timeouts timeouts;
  // 1: every datagram; 2: every turn of the loop.
  int verbosity = 0;
  // Takes one line of text, without its end. Never null.
  std::function<void(absl::string_view)> log = [](absl::string_view) {};
};

// What a session starts with.
struct SessionParts {
  std::unique_ptr<io::Tty> pty;
  term::Size size;
  // Lets the program run; called once, when the first client has spoken and the terminal has its
  // size.
  std::function<void()> release;
  // May be null.
  std::unique_ptr<AttachmentRecord> record;
};

class Host final : private Session::Listener {
 public:
  // `reactor` and `random` outlive the host. `signals` may be null. The key isn't kept beyond its
  // cipher.
  Host(io::Reactor* reactor, HostOptions options, std::unique_ptr<io::UdpSocket> socket,
       std::unique_ptr<io::SignalSource> signals, SessionParts session,
       const crypto::SessionKey& key, crypto::RandomSource* random);

  // From the start to the end of the session, whatever ends it; `stop` ends it without a goodbye.
  // The pty is closed then, the record gone.
  io::Task<void> Run(io::StopToken stop = {});

  const Session& session() const { return session_; }
  const Endpoint& endpoint() const { return endpoint_; }
  // How often the loop woke up, for tests of idleness.
  uint64_t turns() const { return turns_; }

 private:
  enum class Phase {
    kServing,
    kShuttingDown,  // we asked; waiting for the client's answer
    kSettling,      // the client asked and has our answer, which may have got lost
    kOver,
  };

  io::Task<void> ReceiveDatagrams(io::StopToken stop);
  io::Task<void> ReceiveSignals(io::StopToken stop);

  // Session::Listener.
  void OnScreenChange(ssp::ChangeHint hint) override;
  void OnInputRoom() override { wake_.Set(); }
  void OnProgramEnd() override;

  Endpoint* Route(const io::Datagram&) { return &endpoint_; }
  void OnDatagram(const io::Datagram& datagram);
  void OnClientState(Instant now);
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
  std::unique_ptr<io::UdpSocket> socket_;
  std::unique_ptr<io::SignalSource> signals_;
  std::function<void()> release_;  // null once called
  std::unique_ptr<AttachmentRecord> record_;
  Lifetime lifetime_;
  Session session_;
  Endpoint endpoint_;

  Phase phase_ = Phase::kServing;
  io::Event wake_;
  io::Scope scope_;
  std::string recorded_address_;         // empty: recorded as detached
  Instant relabel_at_ = Instant::Max();  // when an attached session counts as detached
  uint64_t turns_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_HOST_H_
