// HostLink: the connection to one Host. It keeps the Directory up to date with what the Host tells,
// and carries questions. It reconnects as long as the socket exists; while there is no connection
// the Directory has none of the Host's sessions. Loop thread only.
#ifndef MGMT_LINK_HOST_LINK_H_
#define MGMT_LINK_HOST_LINK_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/unix_socket.h"
#include "mgmt/link/host_finder.h"
#include "mgmt/model/convert.h"
#include "mgmt/model/directory.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

// What is known of a Host, for GetNode.
struct HostState {
  HostSocket socket;
  Owner owner;             // by the kernel
  control::Host facts;     // as it tells; of an older one, which can't, only what the kernel says
  bool connected = false;  // and all its sessions are in the Directory
  // It has not taken the limits that it was told: why, in words for people.
  std::string limits_problem;
  std::string problem;  // somebody is there, but doesn't answer or mustn't be talked to
};

class HostLink {
 public:
  using Nanos = std::chrono::nanoseconds;

  struct Context {
    io::Reactor* reactor;
    Directory* directory;
    std::function<absl::Time()> wall_clock;
    std::function<std::string(uid_t)> user_name;
    // This process is root's, to Hosts.
    bool is_root = false;
  };

  // `context` outlives the link. The link outlives whoever asks something.
  HostLink(const Context* context, HostSocket socket);

  // Until `stop`, or until there is neither socket nor connection.
  io::Task<void> Run(io::StopToken stop);
  // Whether the socket's file is there. At first it is.
  void SetExists(bool exists);

  // What the Host is to limit its sessions by, beside its configuration. It is told when it has
  // another idea, as often as it takes. Before the first call nothing is.
  void SetLimits(const control::Limits& limits);

  // Sends, and collects all replies until there are no more. Sets the id. An error that the Host
  // answers comes back as such; kUnavailable: there is no connection, or it broke;
  // kDeadlineExceeded; kResourceExhausted: too many questions wait, or the answer has no end. Not
  // for Subscribe and SubscribeScreen, nor SetWatched, which ends with the connection: those take a
  // ScreenLink. Who asked for a grant wipes its key.
  io::Task<absl::StatusOr<std::vector<control::Reply>>> Ask(control::Request request,
                                                            Nanos patience, io::StopToken stop);

  // Asks for all its sessions, and puts what has changed unannounced into the Directory: round trip
  // times, counters, when clients were heard.
  io::Task<absl::Status> Refresh(Nanos patience, io::StopToken stop);
  // The same for one. kNotFound.
  io::Task<absl::Status> RefreshSession(std::string session_id, Nanos patience, io::StopToken stop);

  const HostSocket& socket() const { return state_.socket; }
  const HostState& state() const { return state_; }
  // When all sessions were told last.
  Instant refreshed_at() const { return refreshed_at_; }
  // Connected, and not behind with its answers.
  bool TakesQuestions() const;
  // Set when it has been connected, or has not managed to be, for the first time.
  io::Event& settled() { return settled_; }

 private:
  struct Question;

  io::Task<absl::Status> Talk(io::StopToken stop);
  io::Task<void> Listen(io::UnixConnection* connection, io::Scope* scope);
  io::Task<void> Speak(io::UnixConnection* connection, io::Scope* scope);
  io::Task<void> Introduce(io::UnixConnection* connection, io::Scope* scope);
  io::Task<void> TellLimits(io::Scope* scope);
  io::Task<absl::Status> AskFor(Question* question, control::Request request, Nanos patience,
                                io::StopToken stop);
  void OnPacket(std::vector<uint8_t>* packet, io::Scope* scope);
  void OnSubscription(const control::Reply& reply, io::Scope* scope);
  void PutAll(const control::Reply& reply);
  void Send(control::Request* request);
  void BreakOff(absl::Status why, io::Scope* scope);

  const Context* const context_;
  HostState state_;
  bool exists_ = true;
  bool open_ = false;  // there is a connection to send by
  Instant refreshed_at_;
  io::Event settled_;
  io::Event synced_;  // set: by this connection everything has been told
  io::Event gone_;    // set: the socket's file is not there
  io::Event output_;  // set: there is something to send
  std::optional<control::Limits> limits_;
  io::Event limits_changed_;
  std::deque<std::string> outbox_;
  std::map<uint64_t, Question*> questions_;
  uint64_t last_id_ = 0;
  uint64_t subscription_id_ = 0;
  absl::Status broken_;  // why the connection ends
  size_t listened_ = 0;  // sessions told in this stretch of listening
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_HOST_LINK_H_
