// `moshctl screen --follow`: what a session shows, as it changes.
#ifndef MGMT_CTL_FOLLOW_SCREEN_H_
#define MGMT_CTL_FOLLOW_SCREEN_H_

#include "absl/status/status.h"
#include "mgmt/ctl/api.h"
#include "mgmt/ctl/live_terminal.h"
#include "mgmt/ctl/surroundings.h"
#include "mosh/fleet/v1/fleet_service.pb.h"
#include "term/screen.h"

namespace mosh::mgmt::ctl {

// Only the characters, their colours and the cursor: titles, bells, the clipboard, mouse and paste
// modes are the watched user's and not the watching one's. Pure.
term::Screen PictureOf(const term::Screen& screen);

// Until the user quits by q or Ctrl-C, or the session ends, which is no error. In a smaller window,
// the part with the cursor.
absl::Status FollowScreen(Api& api, const ::mosh::fleet::v1::StreamScreenRequest& request,
                          const Surroundings& surroundings, LiveSignals& signals);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_FOLLOW_SCREEN_H_
