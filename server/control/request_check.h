// What a request on the control socket may hold. A Host gets only requests that have passed.
#ifndef SERVER_CONTROL_REQUEST_CHECK_H_
#define SERVER_CONTROL_REQUEST_CHECK_H_

#include "absl/status/status.h"
#include "server/control/control.pb.h"

namespace mosh::server {

inline constexpr int kMaxNoticeSize = 1000;            // bytes
inline constexpr uint32_t kMaxNoticeSeconds = 86'400;  // a day
inline constexpr uint32_t kMaxHistoryLines = 10'000;   // of one snapshot
inline constexpr uint32_t kMaxVerbosity = 2;
inline constexpr int kMaxWatchers = 16;         // that one connection names for a session
inline constexpr size_t kMaxWatcherSize = 100;  // bytes
inline constexpr uint32_t kMinScreenIntervalMs = 10;
inline constexpr uint32_t kMaxLimitSeconds = 3650u * 86'400;  // ten years
inline constexpr uint32_t kMaxScreenIntervalMs = 3'600'000;   // an hour

// kUnimplemented: no request that this version knows; kInvalidArgument: a field is missing or can't
// be meant. The message names it.
absl::Status CheckRequest(const control::Request& request);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_REQUEST_CHECK_H_
