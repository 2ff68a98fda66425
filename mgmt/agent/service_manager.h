// Tells the service manager how far the agent is. Source: sd_notify(3).
#ifndef MGMT_AGENT_SERVICE_MANAGER_H_
#define MGMT_AGENT_SERVICE_MANAGER_H_

namespace mosh::mgmt {

// "READY=1", "STOPPING=1": for systemd's Type=notify; nothing without it.
void NotifyServiceManager(const char* state);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_SERVICE_MANAGER_H_
