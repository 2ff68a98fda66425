// The client as a process: takes the terminal, runs one Session on a real reactor, gives the
// terminal back and says how it ended (docs/spec/cli.md §4).
#ifndef CLIENT_RUN_CLIENT_H_
#define CLIENT_RUN_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "client/resume_file.h"
#include "client/resume_keeper.h"
#include "client/wrapper/options.h"

namespace mosh::client {

struct ClientRun {
  std::string address;
  std::string port_text;
  uint16_t port = 0;
  std::string key;  // as text; wiped as soon as it is read
  int verbosity = 0;
  // How the user reached it, for `mosh --resume=list`. Empty: this session is not to be resumed.
  std::string target;
  // Of a session that is continued.
  ClientProcess process;
  std::unique_ptr<ResumeFile> file;
};

// Returns the exit status.
int RunClient(ClientRun run, const Environment& environment);

}  // namespace mosh::client

#endif  // CLIENT_RUN_CLIENT_H_
