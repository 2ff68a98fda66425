// WatchSessions that outlives its stream: goes on from the last version when the agent has been
// restarted or the network was away, anew when that is too long ago. One thread.
#ifndef MGMT_CTL_SESSION_WATCH_H_
#define MGMT_CTL_SESSION_WATCH_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mgmt/ctl/api.h"
#include "mgmt/ctl/stream_reader.h"

namespace mosh::mgmt::ctl {

class SessionWatch {
 public:
  // `api` outlives it.
  SessionWatch(Api* api, std::string parent, std::string filter)
      : api_(api), parent_(std::move(parent)), filter_(std::move(filter)) {}

  struct News {
    // What was known before is void: `events` are the beginning of a new snapshot.
    bool anew = false;
    std::vector<::mosh::fleet::v1::SessionEvent> events;
    // Who doesn't answer, when that has changed.
    std::optional<::mosh::fleet::v1::Unreachable> unreachable;
    // Why there is no stream just now. It is tried again.
    std::string trouble;
  };
  // What has happened. Begins the watch, and again when it is time. An error: it can't go on, or
  // could not begin.
  absl::StatusOr<News> Poll(absl::Time now);

  // Poll wants to be called when this is readable (-1: it isn't waited for), and at this time. Both
  // change with each call.
  int fd() const { return reader_ ? reader_->fd() : -1; }
  absl::Time wake_time() const;

 private:
  using Response = ::mosh::fleet::v1::WatchSessionsResponse;

  void Open(absl::Time now);
  void RetryLater(absl::Time now);

  Api* api_;
  const std::string parent_;
  const std::string filter_;
  std::unique_ptr<StreamReader<Response>> reader_;
  std::string resource_version_;  // empty: a snapshot comes first
  bool expects_snapshot_ = false;
  bool synced_ = false;
  bool heard_ = false;       // on this stream
  bool ever_heard_ = false;  // on any
  absl::Time give_up_time_;  // for the first message
  absl::Time retry_time_ = absl::InfinitePast();
  absl::Duration retry_delay_ = absl::Seconds(1);
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_SESSION_WATCH_H_
