// What a session of a shared Host runs, from the request to the process in its pty.
#ifndef SERVER_GATE_START_PROGRAM_H_
#define SERVER_GATE_START_PROGRAM_H_

#include <sys/resource.h>

#include "io/reactor.h"
#include "server/gate/identity.h"
#include "server/program.h"

namespace mosh::server::gate {

// `open_files` is what the programs get back. `reactor` outlives the result.
RequestedProgramStarter MakeProgramStarter(io::Reactor* reactor, const Identity& who,
                                           const rlimit& open_files);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_START_PROGRAM_H_
