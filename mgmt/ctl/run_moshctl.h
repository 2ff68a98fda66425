// moshctl whole: from a command line to an exit status.
#ifndef MGMT_CTL_RUN_MOSHCTL_H_
#define MGMT_CTL_RUN_MOSHCTL_H_

#include <string>
#include <vector>

#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

// `arguments` without the program's name. Returns an ExitCode; what went wrong is on stderr. To be
// called by the main thread, before there are others.
int RunMoshctl(const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_RUN_MOSHCTL_H_
