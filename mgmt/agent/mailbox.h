// The way from gRPC's threads, and any other, into the loop's thread: closures in order. With
// agent/worker.h the only places of the agent where threads meet.
#ifndef MGMT_AGENT_MAILBOX_H_
#define MGMT_AGENT_MAILBOX_H_

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::mgmt {

class Mailbox {
 public:
  // `reactor` outlives it. An error: no descriptor left.
  static absl::StatusOr<std::unique_ptr<Mailbox>> Create(io::Reactor* reactor);

  // Any thread. `letter` runs, and is destroyed, in the loop's thread. False: closed; it will not
  // run.
  bool Post(std::function<void()> letter);

  // Loop: runs what was posted until `stop`, then closes it and runs what was posted before.
  io::Task<void> Run(io::StopToken stop);

 private:
  Mailbox(io::Reactor* reactor, io::OwnedFd wake) : reactor_(reactor), wake_(std::move(wake)) {}
  // Returns whether there was any.
  bool RunLetters();

  io::Reactor* reactor_;
  io::OwnedFd wake_;
  std::mutex mutex_;
  bool closed_ = false;                         // guarded by mutex_
  std::vector<std::function<void()>> letters_;  // guarded by mutex_
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_MAILBOX_H_
