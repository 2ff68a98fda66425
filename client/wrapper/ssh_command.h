// The ssh command line and the server command inside it (docs/spec/cli.md §2.2, §2.3).
//
// Pure. No secret ever goes on these lines: the key travels the other way, on ssh's standard
// output.
#ifndef CLIENT_WRAPPER_SSH_COMMAND_H_
#define CLIENT_WRAPPER_SSH_COMMAND_H_

#include <string>
#include <vector>

#include "client/wrapper/options.h"

namespace mosh::client {

// The 15 locale variables that are passed on to the server, in this order.
extern const char* const kLocaleVariables[15];

// "new", "-c", …: what the server is started with; "attach", …, "new", … if a session is attached
// to, which servers understand that know no "attach" as a mistake. `bind` are the words that choose
// its address.
std::vector<std::string> ServerArguments(const WrapperOptions& options, int colors,
                                         const std::vector<std::string>& bind,
                                         const Environment& environment);

// The words for --bind-server. `local_address` is what --local and --here bind to instead of the
// ssh address.
std::vector<std::string> BindArguments(const WrapperOptions& options,
                                       absl::string_view local_address);

// Argument vector for ssh. `self` is this program's path, for the proxy helper; `target` is
// [user@]host as ssh shall see it.
std::vector<std::string> SshCommand(const WrapperOptions& options, absl::string_view self,
                                    absl::string_view target,
                                    const std::vector<std::string>& server_arguments);

// "list", …: so that the table fits into `columns` (0: any width). Servers that know no "list" take
// it for a mistake, too.
std::vector<std::string> ListArguments(int columns);

// Argument vector for ssh that runs the server's program with these words and leaves everything
// else to ssh's configuration.
std::vector<std::string> PlainSshCommand(const WrapperOptions& options,
                                         const std::vector<std::string>& server_arguments);

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_SSH_COMMAND_H_
