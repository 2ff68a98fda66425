// Drainer: empties this node, one drain at a time, and knows whether it takes new sessions.
//
//   READY ──Start──▶ DRAINING ──none left, or the grace is over──▶ DRAINED
//     ▲                  │                                            │
//     └──────────────────┴────────────────── Undrain ─────────────────┘
//
// A drain that an agent before this one began goes on where it was: Load and Run. Loop thread only.
#ifndef MGMT_DRAIN_DRAINER_H_
#define MGMT_DRAIN_DRAINER_H_

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/drain/admission_keeper.h"
#include "mgmt/drain/operations.h"
#include "mgmt/model/directory.h"
#include "mosh/fleet/v1/drain.pb.h"
#include "mosh/fleet/v1/node.pb.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

// What a drain has to do with besides.
class DrainWorld {
 public:
  virtual ~DrainWorld() = default;
  // Asks the Host of a session; answers within seconds.
  virtual io::Task<absl::Status> Ask(std::string session_id, control::Request request,
                                     io::StopToken stop) = 0;
  // Hosts that are there and don't answer, whose sessions nobody knows of.
  virtual int Unreachable() const = 0;
  // For the audit log: what no caller is there to be told.
  virtual io::Task<void> Note(std::string text) = 0;
};

class Drainer {
 public:
  // All outlive it.
  struct Context {
    io::Reactor* reactor;
    Directory* directory;
    Operations* operations;
    AdmissionKeeper* admission;
    DrainWorld* world;
    std::function<absl::Time()> wall_clock;
  };
  explicit Drainer(Context context) : context_(std::move(context)) {}

  // After Operations::Load and AdmissionKeeper::Load: what state the node was left in. The
  // admission is to be written after it.
  io::Task<void> Load();
  // Drains until `stop`; then one that goes on is left to the next agent. The Directory must be
  // worth reading when this begins.
  io::Task<void> Run(io::StopToken stop);

  struct Terms {
    std::chrono::seconds grace{0};
    fleet::DrainEnd at_end = fleet::TERMINATE;
    std::string message;
    std::string reason;
    std::string started_by;
  };
  // When OK, new sessions are refused, the operation is on the disk, and it goes on by itself.
  // kFailedPrecondition: one goes on already; kInternal: a file can't be written, and nothing was
  // done.
  io::Task<absl::StatusOr<fleet::Operation>> Start(Terms terms);
  // READY when OK; a drain that goes on is cancelled, and its users are told. kInternal: the door
  // can't be opened, and the node is DRAINED.
  io::Task<absl::Status> Undrain(std::string by, io::StopToken stop);

  fleet::Node::State state() const { return state_; }
  absl::Time state_time() const { return state_time_; }
  // Called after each change of the two. Must not wait.
  void SetOnStateChange(std::function<void(fleet::Node::State, absl::Time)> on_change) {
    on_state_change_ = std::move(on_change);
  }
  // Of the drain that goes on, or by which the node became DRAINED; may be empty.
  const std::string& operation_id() const { return operation_id_; }
  bool running() const { return running_; }
  // The operation with what is true now.
  fleet::Operation Describe(const fleet::Operation& operation) const;

 private:
  io::Task<void> Drain(io::StopToken stop);
  io::Task<void> WaitForUsers(Instant end, io::StopToken stop);
  io::Task<void> EndSessions(io::StopToken stop);
  io::Task<bool> WaitUntilEmpty(std::chrono::nanoseconds patience, io::StopToken stop);
  // Asks something about every session; whoever hasn't answered when `patience` is over is left.
  using Question = std::function<control::Request(const std::string& session_id)>;
  io::Task<void> TellAll(Question make, std::chrono::nanoseconds patience, io::StopToken stop);
  io::Task<void> Finish(fleet::Operation operation);
  io::Task<void> Save();
  int Left() const;
  void SetState(fleet::Node::State state, absl::Time since);

  const Context context_;
  std::function<void(fleet::Node::State, absl::Time)> on_state_change_;
  fleet::Node::State state_ = fleet::Node::READY;
  absl::Time state_time_ = absl::InfinitePast();
  // The drain that goes on, if `running_`.
  bool running_ = false;
  bool starting_ = false;
  std::string operation_id_;
  fleet::DrainNodeMetadata drain_;
  bool resumed_ = false;              // an agent before this one began it
  std::string cancelled_by_;          // set: it is to be cancelled
  io::StopSource* cancel_ = nullptr;  // while Drain runs
  io::Event wake_;                    // there is something to do for Run
  io::Event finished_;                // set again whenever Drain ends
};

}  // namespace mosh::mgmt

#endif  // MGMT_DRAIN_DRAINER_H_
