// moshd's command line. Pure.
#ifndef SERVER_GATE_COMMAND_LINE_H_
#define SERVER_GATE_COMMAND_LINE_H_

#include <optional>
#include <span>
#include <string>

namespace mosh::server::gate {

struct CommandLine {
  enum class Action { kServe, kCheck, kStatus, kHelp, kVersion };
  Action action = Action::kServe;
  // Unset: the usual place, where a missing file is no error.
  std::optional<std::string> config;
};

struct ParsedCommandLine {
  CommandLine line;
  // What is wrong; then there is nothing to do but say so and exit with status 2.
  std::string error;
};

// Without the program's own name.
ParsedCommandLine ParseCommandLine(std::span<const char* const> words);

extern const char kHelp[];
extern const char kVersion[];

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_COMMAND_LINE_H_
