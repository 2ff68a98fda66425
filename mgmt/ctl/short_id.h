// Sessions by the beginning of their ids. Pure.
#ifndef MGMT_CTL_SHORT_ID_H_
#define MGMT_CTL_SHORT_ID_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mosh/fleet/v1/session.pb.h"

namespace mosh::mgmt::ctl {

// Whether it is a resource name already, not an id.
bool IsSessionName(absl::string_view text);

// The resource name of the session whose id is `id`, else of the only one whose id begins so.
// kNotFound: there is none, or there are several.
absl::StatusOr<std::string> FindByShortId(
    absl::string_view id, std::span<const ::mosh::fleet::v1::Session* const> sessions);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_SHORT_ID_H_
