// Hosts: all Hosts of the machine, linked to as they come and go. What the service asks of them
// goes through here.
//
//   Directory directory(...);
//   Hosts hosts({reactor, &directory, absl::Now, UserNames()}, HostPlacesOfProcess());
//   scope.Spawn(hosts.Run(scope.token()));
//
// Whoever has asked something must have his answer before this dies. Loop thread only.
#ifndef MGMT_LINK_HOSTS_H_
#define MGMT_LINK_HOSTS_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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

// A user's name, or his number where he has none. Asks the machine's user database, once for each.
std::function<std::string(uid_t)> UserNames();

class Hosts {
 public:
  using Nanos = std::chrono::nanoseconds;

  Hosts(HostLink::Context context, HostPlaces places);

  // Until `stop`.
  io::Task<void> Run(io::StopToken stop);

  // Set when the Hosts that there were at first have told their sessions: the Directory is worth
  // reading. After five seconds in any case.
  io::Event& ready() { return ready_; }

  // Asks the Host that has this session. kNotFound: there is no such session; else as
  // HostLink::Ask.
  io::Task<absl::StatusOr<std::vector<control::Reply>>> AskAbout(std::string session_id,
                                                                 control::Request request,
                                                                 Nanos patience,
                                                                 io::StopToken stop);
  // Asks its Host about the session, so that what the Directory has is of now.
  io::Task<absl::Status> RefreshSession(std::string session_id, Nanos patience, io::StopToken stop);
  // Asks all Hosts for their sessions, except those that have told them less than `max_age` ago.
  // Takes no longer than `patience`; who hasn't answered by then has kept what was known before.
  io::Task<void> Refresh(Nanos max_age, Nanos patience, io::StopToken stop);
  // What all Hosts are to limit their sessions by, those to come too. See HostLink::SetLimits.
  void SetLimits(const control::Limits& limits);
  // As ScreenLink::Open.
  io::Task<absl::StatusOr<std::unique_ptr<ScreenLink>>> WatchScreen(ScreenLink::Terms terms,
                                                                    Nanos patience,
                                                                    io::StopToken stop);

  // While true, what changes unannounced (round trip times, counters) is asked for every five
  // seconds, or so seldom that it is at most 1,000 sessions in a second; a few at a time. For while
  // somebody watches.
  void KeepFresh(bool fresh);

  std::vector<HostState> states() const;
  // Sockets of Hosts that exist and don't answer: their sessions may be missing.
  std::vector<std::string> unreachable() const;
  // In words for people.
  std::vector<std::string> problems() const;

 private:
  using Link = std::shared_ptr<HostLink>;

  void OnScan(const HostScan& scan, io::Scope* scope);
  Link LinkOf(absl::string_view session_id) const;
  std::vector<Link> Links() const;
  io::Task<void> RunLink(Link link, io::StopToken stop);
  io::Task<void> RefreshLink(Link link, Nanos patience, io::StopToken stop);
  io::Task<void> RefreshOne(Link link, std::string session_id, io::StopToken stop);
  io::Task<void> RefreshRounds(io::Scope* scope);
  io::Task<void> BecomeReady(io::StopToken stop);

  const HostLink::Context context_;
  const HostPlaces places_;
  io::Event ready_;
  io::Event scanned_;                  // set: there was a first look
  io::Event fresh_;                    // set: KeepFresh(true)
  std::map<std::string, Link> links_;  // by socket
  std::vector<std::string> scan_problems_;
  std::optional<control::Limits> limits_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_HOSTS_H_
