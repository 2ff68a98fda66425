// Thousands of sessions of users under one moshd, for benchmarks on a PrivateMachine.
#ifndef BENCH_FLEET_MOSHD_SESSIONS_H_
#define BENCH_FLEET_MOSHD_SESSIONS_H_

#include <sys/types.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace mosh::bench {

// Descriptors and ptys for so many sessions and their clients. Empty, or why not.
std::string RaiseLimitsFor(int sessions);

// Runs `task` in a process of the user's, and gives what it wrote.
std::string AsUser(uid_t uid, const std::function<void(FILE* out)>& task);

struct OpenedSession {
  std::string id;
  std::string key;  // base64
};
// Asks moshd's gate, as the user, for so many sessions that run `command`. Fewer: it gave no more,
// and stderr says why.
std::vector<OpenedSession> OpenSessionsAs(uid_t uid, int count,
                                          const std::vector<std::string>& command);

}  // namespace mosh::bench

#endif  // BENCH_FLEET_MOSHD_SESSIONS_H_
