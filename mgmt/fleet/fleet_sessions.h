// FleetSessions: the sessions of all nodes in one Directory, kept only while somebody wants them,
// and a minute longer. Each other node is followed by a Peer, the own node's directory beside them,
// so that lists and watches of the whole fleet are those of any directory.
//
//   const std::unique_ptr<FleetSessions::Wish> wish = fleet->Want("", Detail::kPlain);
//   co_await fleet->Settle("", Detail::kPlain, deadline, stop);
//   ... fleet->directory()->List(...), fleet->Unreachable("", Detail::kPlain) ...
//
// A `scope` is "nodes/NODE", or empty: all. Measurements (model/fields.h) are most of what
// changes, so nodes are asked for them only while somebody wants those. Loop thread only.
#ifndef MGMT_FLEET_FLEET_SESSIONS_H_
#define MGMT_FLEET_FLEET_SESSIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/fleet/fleet_nodes.h"
#include "mgmt/fleet/node_replica.h"
#include "mgmt/fleet/peer.h"
#include "mgmt/fleet/peer_calls.h"
#include "mgmt/model/directory.h"

namespace mosh::mgmt {

class FleetSessions {
 public:
  // All outlive it.
  struct Context {
    io::Reactor* reactor;
    Directory* own;  // this node's
    FleetNodes* nodes;
    PeerCalls* calls;
    size_t max_sessions = 1'000'000;
    size_t max_sessions_of_a_node = 100'000;
    std::function<std::string()> new_instance;  // for each Directory
    std::function<double()> random;             // 0 to 1
    std::function<void(const std::string&)> complain;
  };
  explicit FleetSessions(Context context);
  ~FleetSessions();

  // Until `stop`. Wishes may be made before, and may outlast it.
  io::Task<void> Run(io::StopToken stop);

  enum class Detail { kPlain, kMeasured };

  // As long as it lives, somebody wants the sessions.
  class Wish {
   public:
    ~Wish();
    Wish(const Wish&) = delete;
    Wish& operator=(const Wish&) = delete;

   private:
    friend class FleetSessions;
    Wish(FleetSessions* fleet, std::string scope, Detail detail)
        : fleet_(fleet), scope_(std::move(scope)), detail_(detail) {}
    FleetSessions* const fleet_;
    const std::string scope_;
    const Detail detail_;
  };
  [[nodiscard]] std::unique_ptr<Wish> Want(absl::string_view scope, Detail detail);

  // Waits until each node has told what it has or is known not to; of those that the registry has
  // given up nothing is expected. Whoever calls it has a Wish for as much.
  io::Task<void> Settle(std::string scope, Detail detail, Instant deadline, io::StopToken stop);

  // Null while nobody wants it. Stays where it is as long as a Wish lives.
  Directory* directory() { return directory_.get(); }
  // Nodes and Hosts that don't answer, sorted. What the directory has of them may be missing or
  // old.
  std::vector<std::string> Unreachable(absl::string_view scope, Detail detail) const;
  // Another number whenever that may have changed.
  uint64_t unreachable_version() const { return unreachable_version_; }

  // Null: the fleet has no such node. By resource name.
  const fleet::Node* FindNode(absl::string_view name) const;
  bool IsOwn(absl::string_view node) const { return node == context_.own->node_name(); }
  PeerCalls* calls() const { return context_.calls; }

  // Called when there is something new in the directory or who is unreachable. Must not call back.
  void SetOnChange(std::function<void()> on_change) { on_change_ = std::move(on_change); }

  struct Numbers {
    int connecting = 0, synced = 0, unreachable = 0;  // peers
    size_t sessions = 0;
    uint64_t events = 0, refused = 0;  // since ever
  };
  Numbers numbers() const;

 private:
  struct Follower;  // of a peer, or of the own node
  struct Holders {
    int count = 0;
    Instant until;  // without any
    bool HoldAt(Instant now) const { return count > 0 || now < until; }
  };
  struct Wishes {
    Holders all;
    Holders measured;  // those among them who want measurements
  };

  void Release(const std::string& scope, Detail detail);
  bool IsWanted(absl::string_view node) const;
  bool MeasurementsWanted(absl::string_view node) const;
  bool Covers(absl::string_view scope, absl::string_view node) const {
    return scope.empty() || scope == node;
  }
  bool Settled(absl::string_view scope, Detail detail) const;
  void Changed();
  void ReachabilityChanged();
  void WantReconcile();

  // Makes what runs what should run. Returns when it wants to be called next.
  Instant Reconcile(io::Scope* scope);
  void StartPeer(const fleet::Node& node, io::Scope* scope);
  void StartOwn(io::Scope* scope);
  // Its sessions go, unless another is to take them over.
  void Stop(std::unique_ptr<Follower> follower);
  static io::Task<void> RunPeer(FleetSessions* fleet, Follower* follower, Instant begin);
  io::Task<void> FollowOwn(Follower* follower);

  const Context context_;
  Peer::Context peer_context_;
  std::unique_ptr<Directory> directory_;
  std::map<std::string, Wishes, std::less<>> wishes_;                        // by scope
  std::map<std::string, std::unique_ptr<Follower>, std::less<>> followers_;  // by node
  std::list<std::unique_ptr<Follower>> ending_;
  Instant next_start_;
  bool stale_ = true;  // Reconcile has something to do
  uint64_t unreachable_version_ = 1;
  uint64_t past_events_ = 0, past_refused_ = 0;  // of followers that have ended
  io::Event changed_;                            // for Run
  io::Event progress_;                           // for Settle; a pulse
  std::function<void()> on_change_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_FLEET_SESSIONS_H_
