// The `mosh` wrapper: logs in through ssh, starts the server, learns address, port and key, and
// hands over to the client (docs/spec/cli.md §2). Sequential and blocking: nothing else goes on
// until a session exists.
#ifndef CLIENT_WRAPPER_WRAPPER_H_
#define CLIENT_WRAPPER_WRAPPER_H_

#include <functional>
#include <string>
#include <vector>

#include "client/wrapper/options.h"

namespace mosh::client {

// Everything a client needs to begin. The environment carries the rest (docs/spec/cli.md §2.9).
struct ClientStart {
  std::string arguments_shown;  // for ps: "-# … |"
  std::string address;
  std::string port;
  std::string key;     // 22 characters, secret
  std::string target;  // for `--resume=list`; empty: the session is not to be resumed
};

struct WrapperContext {
  std::string program;  // argv[0], for messages
  std::string self;     // absolute path of this program
  std::vector<std::string> arguments;
  Environment environment;
  // This program as the client: runs the session and returns its exit status.
  std::function<int(ClientStart)> run_client;
  // Continues a session, or throws away what is kept of it; both return the exit status.
  std::function<int(absl::string_view program, absl::string_view which, const Environment&)> resume;
  std::function<int(absl::string_view program, absl::string_view which, const Environment&)> forget;
  // Number of colours of the terminal (-1: none known), or an error's text.
  std::function<int(std::string& error)> count_colors;
};

// Returns the process's exit status.
int RunWrapper(const WrapperContext& context);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_WRAPPER_H_
