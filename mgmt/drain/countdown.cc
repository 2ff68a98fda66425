#include "mgmt/drain/countdown.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds kNotices[] = {1h, 30min, 10min, 5min, 1min, 30s, 10s};
constexpr seconds kShownAtMost = 30s;

}  // namespace

seconds NextNoticeAt(std::chrono::nanoseconds left) {
  for (const seconds at : kNotices) {
    if (at < left) return at;
  }
  return 0s;
}

DrainNotice NoticeAt(std::chrono::nanoseconds left, ::mosh::fleet::v1::DrainEnd at_end,
                     absl::string_view message) {
  const absl::Duration time = absl::Ceil(absl::FromChrono(left), absl::Seconds(1));
  const std::string in_words = absl::FormatDuration(time);
  DrainNotice notice;
  notice.text =
      at_end == ::mosh::fleet::v1::LEAVE
          ? absl::StrCat("This machine is being drained: please end this session within ", in_words)
          : absl::StrCat("This session ends in ", in_words, ": this machine is being drained");
  if (message.empty()) {
    absl::StrAppend(&notice.text, ".");
  } else {
    absl::StrAppend(&notice.text, ". ", message);
  }
  // What it says gets old; the next one is exact again.
  const seconds until_next = absl::ToChronoSeconds(time) - NextNoticeAt(left);
  notice.show_for = std::clamp(until_next, seconds(1), kShownAtMost);
  return notice;
}

}  // namespace mosh::mgmt
