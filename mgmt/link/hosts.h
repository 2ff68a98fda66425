// Hosts: all of a machine's Hosts, found and linked to as they come and go. What the service asks
// of them goes through here.
//
//   Directory directory(...);
//   Hosts hosts({reactor, &directory, absl::Now, user_name}, HostPlacesOfProcess());
//   scope.Spawn(hosts.Run(scope.token()));
//
// Loop thread only.
#ifndef MGMT_LINK_HOSTS_H_
#define MGMT_LINK_HOSTS_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/link/host_finder.h"
#include "mgmt/link/host_link.h"
#include "mgmt/link/screen_link.h"
#include "mgmt/model/directory.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

// The user's name, or his number where he has none. Asks the machine's user database once for each,
// which may take a while.
std::function<std::string(uid_t)> UserNames();

class Hosts {
 public:
  using Nanos = std::chrono::nanoseconds;

  Hosts(HostLink::Context context, HostPlaces places);
  ~Hosts();

  // Until `stop`. Returns when everything that was asked has been answered.
  io::Task<void> Run(io::StopToken stop);

  // Set when what Hosts there were at first has been told: the Directory is worth reading. Sets
  // itself after five seconds, whoever doesn't answer.
  io::Event& ready() { return ready_; }

  // Asks the Host that has this session. kNotFound: there is no such session, kUnavailable,
  // kDeadlineExceeded, or what the Host answers.
  io::Task<absl::StatusOr<std::vector<control::Reply>>> AskAbout(std::string session_id,
                                                                 control::Request request,
                                                                 Nanos patience,
                                                                 io::StopToken stop);
  // Asks its Host for the session, so that what the Directory has is of now.
  io::Task<absl::Status> RefreshSession(std::string session_id, Nanos patience, io::StopToken stop);
  // Asks all Hosts for their sessions, except those that told them less than `max_age` ago. Takes
  // at most `patience`; who hasn't answered by then is in unreachable().
  io::Task<void> Refresh(Nanos max_age, Nanos patience, io::StopToken stop);
  io::Task<absl::StatusOr<std::unique_ptr<ScreenLink>>> WatchScreen(ScreenLink::Terms terms,
                                                                    Nanos patience,
                                                                    io::StopToken stop);

  // While true, what changes unannounced (round trip times, counters) is asked for every five
  // seconds, or so seldom that it is at most 1,000 sessions in a second. For while somebody
  // watches.
  void KeepFresh(bool fresh);

  std::vector<HostState> states() const;
  // The sockets of Hosts that exist and don't answer.
  std::vector<std::string> unreachable() const;
  // In words for people.
  std::vector<std::string> problems() const;

 private:
  struct Linked;

  void OnScan(const HostScan& scan);
  HostLink* LinkOf(absl::string_view session_id) const;
  io::Task<void> RunLink(std::shared_ptr<Linked> linked);
  io::Task<void> RefreshLoop(io::StopToken stop);
  io::Task<void> BecomeReady(io::StopToken stop);

  const HostLink::Context context_;
  HostFinder finder_;
  io::Event ready_;
  io::Event fresh_;                                       // set: KeepFresh(true)
  std::map<std::string, std::shared_ptr<Linked>> links_;  // by socket
  std::vector<std::string> scan_problems_;
  io::Scope* scope_ = nullptr;  // of Run
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_HOSTS_H_
