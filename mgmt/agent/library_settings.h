// What every process sets in the libraries beneath an agent, once, before it uses them: an agent,
// and what stands in for agents when others are measured.
#ifndef MGMT_AGENT_LIBRARY_SETTINGS_H_
#define MGMT_AGENT_LIBRARY_SETTINGS_H_

namespace mosh::mgmt {

void SetUpLibraries();

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_LIBRARY_SETTINGS_H_
