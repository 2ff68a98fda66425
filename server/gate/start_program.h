// What a session of a shared Host runs: the login mode of this very program, which becomes the
// session's program, with the user's own limit of open files and not the Host's.
#ifndef SERVER_GATE_START_PROGRAM_H_
#define SERVER_GATE_START_PROGRAM_H_

#include <sys/resource.h>

#include "io/reactor.h"
#include "server/gate/identity.h"
#include "server/program.h"
#include "server/utmp.h"

namespace mosh::server::gate {

// `open_files` is what the programs get back. `reactor` and `keeper` outlive the result.
RequestedProgramStarter MakeProgramStarter(io::Reactor* reactor, UtmpKeeper* keeper,
                                           const Identity& who, const rlimit& open_files);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_START_PROGRAM_H_
