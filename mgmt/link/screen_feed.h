// A session's screen that is being watched, whoever tells of it: a ScreenLink, or a test.
#ifndef MGMT_LINK_SCREEN_FEED_H_
#define MGMT_LINK_SCREEN_FEED_H_

#include "absl/status/statusor.h"
#include "io/stop.h"
#include "io/task.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

// Ends with the object.
class ScreenFeed {
 public:
  virtual ~ScreenFeed() = default;
  // As ScreenLink's.
  virtual io::Task<absl::StatusOr<::mosh::server::control::Frame>> Next(io::StopToken stop) = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_SCREEN_FEED_H_
