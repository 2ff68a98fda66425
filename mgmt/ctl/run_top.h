// `moshctl top`: all sessions on a live screen.
#ifndef MGMT_CTL_RUN_TOP_H_
#define MGMT_CTL_RUN_TOP_H_

#include <string>

#include "absl/status/status.h"
#include "mgmt/ctl/api.h"
#include "mgmt/ctl/live_terminal.h"
#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

// Until the user quits. Errors: no terminal, no agent, or not this filter. What goes wrong later is
// shown, and tried again.
absl::Status RunTop(Api& api, const std::string& parent, const std::string& filter,
                    const Surroundings& surroundings, LiveSignals& signals);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_RUN_TOP_H_
