// What users are told while their node is drained, and when: at once, and when an hour, 30, 10, 5
// and 1 minutes, 30 and 10 seconds are left. Pure.
#ifndef MGMT_DRAIN_COUNTDOWN_H_
#define MGMT_DRAIN_COUNTDOWN_H_

#include <chrono>
#include <string>

#include "absl/strings/string_view.h"
#include "mosh/fleet/v1/drain.pb.h"

namespace mosh::mgmt {

// How much is left when the next notice is due; zero: there is none any more. `left` is what is
// left now.
std::chrono::seconds NextNoticeAt(std::chrono::nanoseconds left);

struct DrainNotice {
  std::string text;  // one line
  std::chrono::seconds show_for;
};
// With more than nothing left. `message` may be empty.
DrainNotice NoticeAt(std::chrono::nanoseconds left, ::mosh::fleet::v1::DrainEnd at_end,
                     absl::string_view message);

}  // namespace mosh::mgmt

#endif  // MGMT_DRAIN_COUNTDOWN_H_
