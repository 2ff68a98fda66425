// The two kinds of helper processes of the fleet benchmark: a Host with its sessions, and a crowd
// of clients that do nothing. Both are forked before the caller has a reactor and end with it.
#ifndef BENCH_FLEET_PROCESSES_H_
#define BENCH_FLEET_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/fleet/light_client.h"

namespace mosh::bench {

// The way in for one client.
struct Entry {
  uint16_t port = 0;
  std::string key;  // base64
  LightClient::Start start = LightClient::Start::kAtTag;
};

class HostProcess {
 public:
  // Its sessions run `program`.
  explicit HostProcess(const std::string& program);
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  pid_t pid() const { return pid_; }
  // A new session.
  Entry Open();

 private:
  pid_t pid_;
  int socket_;
};

class CrowdProcess {
 public:
  CrowdProcess();
  ~CrowdProcess();
  CrowdProcess(const CrowdProcess&) = delete;
  CrowdProcess& operator=(const CrowdProcess&) = delete;

  // Connects a client, and waits until it has seen its session's prompt.
  void Connect(const std::vector<Entry>& entries);

 private:
  pid_t pid_;
  int socket_;
};

}  // namespace mosh::bench

#endif  // BENCH_FLEET_PROCESSES_H_
