// Operations: what a node does that takes longer than a call, kept in a file so that it outlives
// the agent (docs/drain.md). Of those that are done the newest 100 are kept, for a day. Loop thread
// only.
#ifndef MGMT_DRAIN_OPERATIONS_H_
#define MGMT_DRAIN_OPERATIONS_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "io/event.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/agent/worker.h"
#include "mgmt/files/message_file.h"
#include "mosh/fleet/v1/operation_service.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

class Operations {
 public:
  static constexpr size_t kMaxDone = 100;
  static constexpr absl::Duration kKept = absl::Hours(24);

  struct Context {
    std::string node;  // "nodes/NODE"
    std::string path;
    Worker* worker;  // outlives it; null: the file is read and written in the loop
    std::function<absl::Time()> wall_clock;
  };
  explicit Operations(Context context) : context_(std::move(context)), file_(context_.path) {}

  // Takes over what an agent before this one has left. kFailedPrecondition: another one that runs
  // has the file. A file that is not understood is moved aside, to PATH.bad: kDataLoss says so, and
  // everything works. Names are of this node, whatever it was called before.
  io::Task<absl::Status> Load();

  // "20261129-174500-012345": to the microsecond, so that they sort by time.
  static std::string NewId(absl::Time now);
  std::string NameOf(absl::string_view id) const;
  // Of "nodes/NODE/operations/ID", of this node or of "nodes/-"; null: there is none.
  const fleet::Operation* FindByName(absl::string_view name) const;
  const fleet::Operation* Find(absl::string_view id) const;
  // By id, so by start.
  const std::map<std::string, fleet::Operation, std::less<>>& all() const { return all_; }

  // Adds it or changes it. Known at once, on the disk when OK.
  io::Task<absl::Status> Put(std::string id, fleet::Operation operation);
  // As if it had never been.
  io::Task<void> Drop(std::string id);
  // OK when it is done, or gone; kCancelled upon `stop`.
  io::Task<absl::Status> WaitDone(std::string id, io::StopToken stop);

 private:
  io::Task<absl::Status> Write();
  void ForgetOld();

  const Context context_;
  MessageFile file_;  // the worker's, while a job is under way
  std::map<std::string, fleet::Operation, std::less<>> all_;
  std::map<std::string, absl::Time, std::less<>> done_at_;
  io::Event changed_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_DRAIN_OPERATIONS_H_
