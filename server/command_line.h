// mosh-server's command line. Source: docs/spec/cli.md §3; for what stock hasn't, docs/control.md.
//
// Pure: words in, a description of what to do and the exact text for the user out. Prints nothing,
// reads no environment.
#ifndef SERVER_COMMAND_LINE_H_
#define SERVER_COMMAND_LINE_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/port_range.h"
#include "server/subcommand.h"

namespace mosh::server {

struct CommandLine {
  // Where to bind: the last of -s and -i wins.
  enum class Bind { kAny, kSshConnection, kAddress };
  Bind bind = Bind::kAny;
  std::string address;  // kAddress only; numeric

  PortRange ports;
  bool ports_given = false;
  int colors = 0;                    // 256 means xterm-256color
  int verbosity = 0;                 // number of -v
  std::vector<std::string> locale;   // NAME=VALUE, in the order given
  std::vector<std::string> command;  // empty: the login shell
};

struct ParsedCommandLine {
  // One set: go on with it. None: print the texts and exit with `status`.
  std::optional<CommandLine> run;        // a new session
  std::optional<Subcommand> subcommand;  // something else about sessions
  int status = 0;
  std::string out;  // for stdout
  std::string err;  // for stderr; may be non-empty even when `run` is set
};

// `args` is argv, the program's name first (an empty one is taken for "mosh-server").
ParsedCommandLine ParseCommandLine(std::span<const char* const> args);

// The usage line, newline included.
std::string Usage(absl::string_view program);

}  // namespace mosh::server

#endif  // SERVER_COMMAND_LINE_H_
