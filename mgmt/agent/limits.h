// Bounds of the agent. Those that an operator may want to change are options of the command line.
#ifndef MGMT_AGENT_LIMITS_H_
#define MGMT_AGENT_LIMITS_H_

#include <chrono>
#include <cstddef>

namespace mosh::mgmt {

struct Limits {
  int max_watchers = 500;  // WatchSessions and TailAudit
  int max_watchers_of_a_caller = 200;
  int max_screens = 64;  // StreamScreen
  int max_screens_of_a_caller = 16;
  int max_calls = 2'000;      // under way
  int max_connections = 512;  // at the Unix socket
  int max_connections_of_a_user = 128;
  int max_users = 64;              // with connections at the same time
  double audited_per_second = 20;  // of a caller
  double audited_burst = 200;
};

// A request is never longer.
inline constexpr int kMaxRequestBytes = 1024 * 1024;
// How long a Host has for an answer, at most; the call's own deadline may be sooner.
inline constexpr std::chrono::seconds kHostPatience{5};
// For facts that are nice to have of now.
inline constexpr std::chrono::milliseconds kRefreshPatience{500};
// Changes within it are told together.
inline constexpr std::chrono::milliseconds kFlushInterval{50};
// A watcher who was told nothing for so long gets a BOOKMARK, if there is one.
inline constexpr std::chrono::seconds kBookmarkInterval{10};
// Who doesn't take what was sent to him for so long is cut off.
inline constexpr std::chrono::minutes kWriteTimeout{5};
inline constexpr size_t kMaxReasonBytes = 1'000;
inline constexpr size_t kMaxNames = 10'000;
// Hosts that are asked at the same time on behalf of one NotifySessions.
inline constexpr int kNotifyConcurrency = 64;

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_LIMITS_H_
