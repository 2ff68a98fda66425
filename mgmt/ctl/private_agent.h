// A mosh-agent of this command's own, for machines where none runs: `moshctl` works on any machine
// without being set up.
#ifndef MGMT_CTL_PRIVATE_AGENT_H_
#define MGMT_CTL_PRIVATE_AGENT_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "io/owned_fd.h"
#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

class PrivateAgent {
 public:
  // Runs the mosh-agent beside this program, else the one in PATH, and waits until it accepts
  // connections, at most `timeout`. It ends with this process, however that ends. With `verbose`,
  // what it says goes to stderr. Must be called by the main thread: the agent ends with the thread
  // that started it. kUnavailable: what was tried, and why it failed.
  static absl::StatusOr<std::unique_ptr<PrivateAgent>> Start(const Surroundings& surroundings,
                                                             absl::Duration timeout, bool verbose);
  // Ends it.
  ~PrivateAgent();

  const std::string& socket() const { return socket_; }

 private:
  PrivateAgent(pid_t pid, std::string socket) : pid_(pid), socket_(std::move(socket)) {}

  pid_t pid_;
  std::string socket_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_PRIVATE_AGENT_H_
