// The client as a process: takes the terminal, runs one Session on a real reactor, gives the
// terminal back and says how it ended (docs/spec/cli.md §4).
#ifndef CLIENT_RUN_CLIENT_H_
#define CLIENT_RUN_CLIENT_H_

#include <cstdint>
#include <string>

#include "client/wrapper/options.h"

namespace mosh::client {

struct ClientRun {
  std::string address;
  std::string port_text;
  uint16_t port = 0;
  std::string key;  // as text; wiped as soon as it is read
  int verbosity = 0;
};

// Returns the exit status.
int RunClient(ClientRun run, const Environment& environment);

}  // namespace mosh::client

#endif  // CLIENT_RUN_CLIENT_H_
