// What mosh-server does through the servers that run already, as a process: finds them, asks,
// prints.
#ifndef SERVER_ASK_SERVERS_H_
#define SERVER_ASK_SERVERS_H_

#include <sys/resource.h>

#include <string>

#include "server/command_line.h"
#include "server/environment.h"
#include "server/subcommand.h"
#include "server/timeouts.h"
#include "term/size.h"

namespace mosh::server {

// Carries a subcommand out; gives the process's exit status. `program` is the name for messages.
int AskServers(const Subcommand& command, const std::string& program);

// Whether this user may have one more session here (server/control/admission.h): 0. Else stderr
// says why and what to do, and this is the process's exit status.
int CheckMayStart(const std::string& program, const CommandLine& line);

// Gives a new session to moshd if there is one that can have it, and prints the connect line. With
// -v it says who has the session. False: start a server.
bool HandOverToMoshd(const std::string& program, const CommandLine& line,
                     const Environment& environment, const Timeouts& timeouts, term::Size size,
                     const rlimit& core_limit);

}  // namespace mosh::server

#endif  // SERVER_ASK_SERVERS_H_
