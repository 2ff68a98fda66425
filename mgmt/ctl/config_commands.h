// `moshctl config …`: the named servers of the configuration file.
#ifndef MGMT_CTL_CONFIG_COMMANDS_H_
#define MGMT_CTL_CONFIG_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "mgmt/ctl/surroundings.h"

namespace mosh::mgmt::ctl {

absl::Status GetContextsCommand(const Surroundings& surroundings);

// Replaces the file at once: whoever reads it meanwhile sees the old or the new one.
absl::Status UseContextCommand(const Surroundings& surroundings, const std::string& name);

// None if the file can't be read.
std::vector<std::string> ContextNames(const Surroundings& surroundings);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_CONFIG_COMMANDS_H_
