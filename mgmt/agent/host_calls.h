// What the service asks of Hosts. The real one is link/hosts.h (hosts_calls.h); tests have one of
// their own.
#ifndef MGMT_AGENT_HOST_CALLS_H_
#define MGMT_AGENT_HOST_CALLS_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/link/host_link.h"
#include "mgmt/link/screen_link.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

// A screen that is being watched. See ScreenLink.
class ScreenFeed {
 public:
  virtual ~ScreenFeed() = default;
  virtual io::Task<absl::StatusOr<control::Frame>> Next(io::StopToken stop) = 0;
};

// See Hosts, whose functions these are.
class HostCalls {
 public:
  using Nanos = std::chrono::nanoseconds;
  using Replies = std::vector<control::Reply>;

  virtual ~HostCalls() = default;
  virtual io::Task<absl::StatusOr<Replies>> AskAbout(std::string session_id,
                                                     control::Request request, Nanos patience,
                                                     io::StopToken stop) = 0;
  virtual io::Task<absl::Status> RefreshSession(std::string session_id, Nanos patience,
                                                io::StopToken stop) = 0;
  virtual io::Task<void> Refresh(Nanos max_age, Nanos patience, io::StopToken stop) = 0;
  virtual io::Task<absl::StatusOr<std::unique_ptr<ScreenFeed>>> WatchScreen(ScreenLink::Terms terms,
                                                                            Nanos patience,
                                                                            io::StopToken stop) = 0;
  virtual void KeepFresh(bool fresh) = 0;
  virtual std::vector<HostState> states() const = 0;
  virtual std::vector<std::string> problems() const = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_HOST_CALLS_H_
