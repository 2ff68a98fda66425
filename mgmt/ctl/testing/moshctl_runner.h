// Runs moshctl in this process against a fake agent.
#ifndef MGMT_CTL_TESTING_MOSHCTL_RUNNER_H_
#define MGMT_CTL_TESTING_MOSHCTL_RUNNER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/server.h"
#include "mgmt/ctl/surroundings.h"
#include "mgmt/ctl/testing/fake_drains.h"
#include "mgmt/ctl/testing/fake_fleet.h"
#include "mgmt/ctl/testing/fake_recordings.h"

namespace mosh::mgmt::ctl {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

// A directory of its own, which is the home and the place of the agents' sockets.
class MoshctlRunner {
 public:
  MoshctlRunner();
  ~MoshctlRunner();

  // The machine's agent, where moshctl looks for it.
  void StartAgent();
  void StopAgent() { server_.reset(); }

  Outcome Run(const std::vector<std::string>& arguments);

  FakeFleet fleet;
  FakeRecordings recordings;
  FakeOperations operations;
  FakePolicies policies;
  std::map<std::string, std::string> variables;
  // out and err are the runner's.
  Surroundings surroundings;
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TESTING_MOSHCTL_RUNNER_H_
