// HostLink: the connection to one Host. It keeps the Directory up to date with what the Host tells,
// and carries questions. Reconnects as long as the socket exists; while there is no connection the
// Directory has none of the Host's sessions. Loop thread only.
#ifndef MGMT_LINK_HOST_LINK_H_
#define MGMT_LINK_HOST_LINK_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "io/event.h"
#include "io/reactor.h"
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
  std::string socket;
  Owner owner;             // by the kernel
  control::Host facts;     // as it tells; of an older one, which can't, only the pid, by the kernel
  bool connected = false;  // and all its sessions are in the Directory
  bool refused = false;  // somebody is there, but doesn't answer or mustn't be talked to: `problem`
  std::string problem;
  size_t sessions = 0;
};

class HostLink {
 public:
  struct Context {
    io::Reactor* reactor;
    Directory* directory;
    std::function<absl::Time()> wall_clock;
    std::function<std::string(uid_t)> user_name;
  };

  HostLink(const Context* context, HostSocket socket);
  ~HostLink();

  // Until `stop`.
  io::Task<void> Run(io::StopToken stop);

  // Sends and collects all replies until there are no more. Sets the id. An error that the Host
  // answers with comes back as such; kUnavailable: there is no connection, or it broke;
  // kDeadlineExceeded; kResourceExhausted: too much is being asked already. Not for Subscribe and
  // SubscribeScreen, which have no end, nor SetWatched, which ends with the connection: those take
  // link/screen_link.h.
  io::Task<absl::StatusOr<std::vector<control::Reply>>> Ask(control::Request request,
                                                            std::chrono::nanoseconds patience,
                                                            io::StopToken stop);

  // Asks for all its sessions, and puts what has changed unannounced into the Directory: round trip
  // times, counters, when clients were heard.
  io::Task<absl::Status> Refresh(std::chrono::nanoseconds patience, io::StopToken stop);
  // The same for one. kNotFound.
  io::Task<absl::Status> RefreshSession(std::string session_id, std::chrono::nanoseconds patience,
                                        io::StopToken stop);

  const HostSocket& socket() const { return socket_; }
  const HostState& state() const { return state_; }
  Instant refreshed_at() const { return refreshed_at_; }

 private:
  struct Question;

  io::Task<absl::Status> TalkOnce(io::StopToken stop);
  io::Task<absl::Status> Receive(io::StopToken stop);
  io::Task<void> Introduce(io::StopToken stop);
  absl::Status OnPacket(std::vector<uint8_t>& packet);
  void OnSubscription(const control::Reply& reply);
  void Put(const control::Session& told);
  void BreakOff(const absl::Status& why);

  const Context* const context_;
  const HostSocket socket_;
  HostState state_;
  Instant refreshed_at_;
  std::unique_ptr<io::UnixConnection> connection_;
  io::Event send_turn_;  // set: nobody is sending
  std::map<uint64_t, Question*> questions_;
  uint64_t last_id_ = 0;
  uint64_t subscription_id_ = 0;
  std::vector<std::string> told_;  // by the subscription, before it is synced
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_HOST_LINK_H_
