// One of a fleet's agents, as etcd has them: this machine's own first, then any other. The next
// where one can't be connected to.
#ifndef MGMT_CTL_FLEET_CHOICE_H_
#define MGMT_CTL_FLEET_CHOICE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mgmt/ctl/server_choice.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt::ctl {

// In which order they are tried; those without an endpoint are left out.
std::vector<::mosh::fleet::v1::Node> AgentsToTry(std::vector<::mosh::fleet::v1::Node> nodes,
                                                 const std::string& hostname, uint32_t seed);

// "HOST:PORT" of one that a connection could be made to with the choice's certificates. `remark` is
// told what is tried. kUnavailable: etcd doesn't answer, there are no agents, or none can be
// connected to; kInvalidArgument: an unreadable certificate.
absl::StatusOr<std::string> ChooseAgent(const ServerChoice& choice, const std::string& hostname,
                                        absl::Duration timeout,
                                        const std::function<void(const std::string&)>& remark);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_FLEET_CHOICE_H_
