// Registry: the fleet's nodes in etcd, this one among them. Without etcd: this node, and those that
// a file names (mgmt/fleet/static_nodes.h).
//
// Under the prefix, for each node:
//   nodes/NODE         a serialized mosh.fleet.v1.Node: who it is, its state. Stays.
//   nodes/NODE/alive   who serves it (mgmt/fleet/process_mark.h), with a lease: goes with its agent
// A record that is without `alive` for kGrace is of a node that is LOST. Whoever sees that first
// writes it into the record, so that all agree since when, later ones too. An agent that is stopped
// takes both away.
// docs/fleet.md has the whole, and what happens when something fails.
//
// While etcd is away nodes() stays as it was, this node goes on as it is, and registers itself
// again as soon as it can. Loop thread only.
#ifndef MGMT_FLEET_REGISTRY_H_
#define MGMT_FLEET_REGISTRY_H_

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/etcd/etcd.h"
#include "mgmt/etcd/mirror.h"
#include "mgmt/fleet/fleet_nodes.h"
#include "mgmt/fleet/process_mark.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

class Registry final : public FleetNodes {
 public:
  // A living agent whose `alive` goes has it back before. Etcd before 3.4.31 and 3.5.13 takes away
  // renewed leases when a leader that has hung wakes up (github.com/etcd-io/etcd/issues/15247).
  static constexpr std::chrono::seconds kGrace{1};

  struct Context {
    io::Reactor* reactor;
    etcd::Etcd* etcd;    // null: there is none
    std::string prefix;  // "/mosh-fleet/"
    std::chrono::seconds lease{10};
    // What others shall know of this node; `name` is set. Its state is READY until SetState.
    fleet::Node own;
    // The other nodes where there is no etcd, by name. They stay as they are.
    std::map<std::string, fleet::Node> fixed;
    ProcessMark mark;
    std::function<absl::Time()> wall_clock;
    // A line for whoever runs the agent.
    std::function<void(const std::string&)> say;
    // From 0 to 1: when this agent's turn is among all that see a node lost.
    std::function<double()> random;
  };
  explicit Registry(Context context);

  // Registers this node and keeps it so until `stop`, then takes it away again; for that it has a
  // second or two. Once.
  io::Task<void> Run(io::StopToken stop);

  // Where others find this agent; before Run.
  void SetEndpoint(const std::string& endpoint);
  // READY, DRAINING or DRAINED. Seen here at once, by others when etcd has it.
  void SetState(fleet::Node::State state, absl::Time since);

  // Takes a LOST node out. kFailedPrecondition: it is not lost, as without etcd none is; kNotFound:
  // no such node; kUnavailable: etcd doesn't answer.
  io::Task<absl::Status> Forget(std::string name, bool validate_only, io::StopToken stop);

  const fleet::Node& own() const { return nodes_.at(own_name_); }
  // This node is in etcd, and what etcd has is known. True without etcd.
  bool up() const;
  // Null: there is none. For what else is kept under prefix(): "policies/", say.
  etcd::Etcd* etcd() const { return context_.etcd; }
  const std::string& prefix() const { return context_.prefix; }

  const std::map<std::string, fleet::Node>& nodes() const override { return nodes_; }
  const std::string& problem() const override { return problem_; }
  [[nodiscard]] std::unique_ptr<Subscription> Subscribe(std::function<void()> on_change) override;

 private:
  class Subscriber;
  enum class Place {
    kUnknown,  // we are not in etcd, or may be not
    kTaken,    // another agent serves a node of this name
    kOurs,
  };
  // As people are told.
  enum class Standing { kUnknown, kGood, kAway, kTaken };
  struct MadeOf {
    etcd::Revision record = 0;
    bool alive = false;
    friend bool operator==(const MadeOf&, const MadeOf&) = default;
  };
  struct Missed {
    absl::Time since;
    Instant lost_at;  // unless it comes back before
  };

  // ---- Being there: one coroutine.
  io::Task<void> StayRegistered(io::StopToken stop);
  io::Task<absl::Status> Register(io::StopToken stop);
  io::Task<absl::Status> WriteRecord(io::StopToken stop);
  io::Task<void> SignOff();
  etcd::Transaction Registration(etcd::Condition condition) const;

  // ---- Knowing who else is: the mirror, and two coroutines.
  void OnMirror();
  void Rebuild();
  void ShowLost(const std::string& name, const Missed& missed);
  io::Task<void> AwaitGrace(io::StopToken stop);
  io::Task<void> MarkLost(io::StopToken stop);

  void UpdateProblem();
  void Tell();

  const Context context_;
  const std::string own_name_;  // "nodes/NODE"
  const std::string record_key_;
  const std::string alive_key_;
  const std::string mark_;
  fleet::Node own_;
  etcd::Mirror mirror_;
  std::map<std::string, fleet::Node> nodes_;
  std::string problem_;
  std::list<Subscriber*> subscribers_;

  Place place_ = Place::kUnknown;
  bool maybe_there_ = false;  // what we wrote may be in etcd
  etcd::LeaseId lease_ = 0;
  etcd::Revision registered_at_ = 0;
  bool record_is_old_ = false;                // etcd has not got own_ yet
  std::optional<absl::Status> registration_;  // how the last attempt ended
  io::Event wake_;                            // StayRegistered has something to look at

  std::map<std::string, MadeOf> made_of_;  // nodes_ but our own
  std::map<std::string, Missed> missed_;   // by name: not alive, and their record doesn't say so
  io::Event missed_seen_;
  io::Event lost_seen_;
  io::Event mirrored_;
  Standing said_ = Standing::kUnknown;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_REGISTRY_H_
