// The agent: everything put together, from when its files have been read until it has stopped.
#ifndef MGMT_AGENT_AGENT_H_
#define MGMT_AGENT_AGENT_H_

#include "mgmt/agent/command_line.h"

namespace mosh::mgmt {

// Runs until SIGTERM or SIGINT; SIGHUP reads the policy anew. Gives the exit status: 0, or 1 if it
// could not start, in which case stderr says why and what to do.
int RunAgent(const Options& options);
// For --check: says on stderr what is wrong, and 1; or 0.
int CheckAgent(const Options& options);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_AGENT_H_
