// Peer: another node, as long as somebody wants its sessions: its watch, opened again whenever it
// breaks, and the replica that it keeps.
//
// When the watch breaks, the sessions stay as they were for kGrace: an agent that is started anew
// is back before, and nothing has happened but what has happened. Then they go.
//
// Most of what changes are measurements (model/fields.h). They are asked for only while somebody
// wants them; when that changes, the node is asked anew over the same connection, and what is known
// stays.
#ifndef MGMT_FLEET_PEER_H_
#define MGMT_FLEET_PEER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/fleet/node_replica.h"
#include "mgmt/fleet/peer_calls.h"

namespace mosh::mgmt {

class Peer {
 public:
  static constexpr std::chrono::seconds kGrace{10};

  // All outlive it.
  struct Context {
    io::Reactor* reactor;
    PeerCalls* calls;
    size_t max_sessions;             // of one node
    std::function<double()> random;  // 0 to 1
    // state(), measured(), problem() or what doesn't answer has changed.
    std::function<void()> on_change;
    // Something is not right with a node, in words for the agent's operator.
    std::function<void(const std::string&)> complain;
  };
  Peer(const Context* context, Directory* directory, PeerAddress address);

  // Until `stop`, after which it doesn't touch the directory.
  io::Task<void> Run(Instant begin, io::StopToken stop);
  // Whether somebody wants measurements; before the first call nobody does.
  void SetMeasured(bool wanted);
  // The node has something new about it in the registry: now is a good moment to try again.
  void Nudge() { nudge_.Set(); }

  enum class State { kConnecting, kSynced, kUnreachable };
  State state() const { return state_; }
  // Whether the replica has the measurements that the node tells.
  bool measured() const { return measured_; }
  // Why it is unreachable, in words.
  const std::string& problem() const { return problem_; }
  const PeerAddress& address() const { return address_; }
  const NodeReplica& replica() const { return replica_; }

 private:
  // One stream, from its beginning to its end, or until the node is to be asked anew.
  io::Task<grpc::Status> Follow(io::StopToken stop);
  bool AsksForMeasurements() const { return measurements_wanted_ || mask_refused_; }
  // Returns false when `stop`.
  io::Task<bool> Pause(std::chrono::nanoseconds pause, io::StopToken stop);
  void SetState(State state, std::string problem);
  void ForgetIfTooOld();

  const Context* const context_;
  const PeerAddress address_;
  NodeReplica replica_;
  State state_ = State::kConnecting;
  std::string problem_;
  std::string complained_;
  bool measurements_wanted_ = false;
  bool mask_refused_ = false;            // the node's agent lacks a field of ours: it tells all
  bool asked_for_measurements_ = false;  // by the stream there is, or was last
  bool measured_ = false;
  io::StopSource* ask_anew_ = nullptr;  // null: there is no stream
  std::unique_ptr<PeerWatch> previous_;
  Instant lost_at_;  // since when what the replica has may be old
  Instant paid_;     // until when what it has told is paid for
  io::Event nudge_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FLEET_PEER_H_
