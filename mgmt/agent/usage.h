// What sessions use of the machine: of the processes of their terminal sessions, from /proc, which
// is read in the worker's thread, at most every five seconds. Loop thread only.
#ifndef MGMT_AGENT_USAGE_H_
#define MGMT_AGENT_USAGE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/instant.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/task.h"
#include "mgmt/agent/worker.h"
#include "mosh/fleet/v1/session.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

struct ProcessUsage {
  std::chrono::microseconds cpu_time{0};
  uint64_t memory_bytes = 0;  // resident
  int processes = 0;
};
struct UsageSnapshot {
  absl::flat_hash_map<pid_t, ProcessUsage> by_session;  // terminal sessions
  absl::flat_hash_map<pid_t, ProcessUsage> by_process;
};

// All processes that can be seen. Blocking. `proc` is "/proc", for tests another directory.
UsageSnapshot ReadUsage(const std::string& proc);

class UsageCache {
 public:
  static constexpr std::chrono::seconds kMaxAge{5};

  // `worker` null: nothing is ever read.
  UsageCache(io::Reactor* reactor, Worker* worker) : reactor_(reactor), worker_(worker) {}

  // Returns when the numbers are at most five seconds old.
  io::Task<void> Refresh();
  // Sets `usage`, unless there is nothing to tell: its program has not begun, or isn't seen.
  void AddTo(fleet::Session* session) const;
  const ProcessUsage* OfProcess(pid_t pid) const;

 private:
  io::Reactor* const reactor_;
  Worker* const worker_;
  UsageSnapshot snapshot_;
  bool any_ = false;
  Instant read_at_;
  bool reading_ = false;
  io::Event read_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_USAGE_H_
