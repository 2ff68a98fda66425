// Mirror: what etcd has under a prefix, kept as it is there. Lists it, then watches it; goes on by
// itself, from where it was, when etcd was away, and lists anew where etcd has forgotten that.
// While etcd is away it stays as it was. Loop thread only.
//
//   Mirror policies(reactor, etcd, "/mosh-fleet/policies/", [&] { ...look at policies.values()...
//   }); scope.Spawn(policies.Run(scope.token())); absl::StatusOr<Outcome> put = co_await
//   etcd->Commit(PutIf(key, value, seen_revision), stop);
#ifndef MGMT_ETCD_MIRROR_H_
#define MGMT_ETCD_MIRROR_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/etcd/etcd.h"

namespace mosh::mgmt::etcd {

class Mirror {
 public:
  // `reactor` and `etcd` outlive it. `on_change` is called after every change of what is below, and
  // must not wait.
  Mirror(io::Reactor* reactor, Etcd* etcd, std::string prefix, std::function<void()> on_change);

  // Until `stop`. Once.
  io::Task<void> Run(io::StopToken stop);

  struct Value {
    std::string value;
    Revision revision = 0;  // for PutIf and DeleteIf
  };
  // By key without the prefix.
  const std::map<std::string, Value, std::less<>>& values() const { return values_; }
  // Everything up to this one is in values(). 0: nothing was ever heard.
  Revision revision() const { return revision_; }
  // OK: it follows etcd. Else why not.
  const absl::Status& status() const { return status_; }
  // False: it has had no answer yet, good or bad.
  bool tried() const { return tried_; }

 private:
  io::Task<absl::Status> Follow(io::StopToken stop);
  void Replace(const Snapshot& snapshot);
  void Apply(const Changed& changed);
  void SetStatus(absl::Status status);

  io::Reactor* const reactor_;
  Etcd* const etcd_;
  const std::string prefix_;
  const std::function<void()> on_change_;
  std::map<std::string, Value, std::less<>> values_;
  Revision revision_ = 0;
  absl::Status status_;
  bool tried_ = false;
  bool heard_ = false;  // something by the watch there is, or was last
};

// One key, if it was last put at `seen`; 0: if it is not there. What etcd answers if not: Outcome
// with `done` false and the key as it is.
Transaction PutIf(std::string key, std::string value, Revision seen);
Transaction DeleteIf(std::string key, Revision seen);

}  // namespace mosh::mgmt::etcd

#endif  // MGMT_ETCD_MIRROR_H_
