// The command line and environment of `mosh-client` (docs/spec/cli.md §4). Pure.
#ifndef CLIENT_CLIENT_ARGUMENTS_H_
#define CLIENT_CLIENT_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::client {

struct ClientArguments {
  bool count_colors = false;  // -c
  int verbosity = 0;          // -v, repeatable
  std::string address;
  std::string port_text;
  uint16_t port = 0;
};

struct ClientArgumentsResult {
  std::optional<ClientArguments> arguments;
  std::string output;  // to stdout
  std::string errors;  // to stderr
  int exit_status = 0;
};

// `arguments` without the program's name.
ClientArgumentsResult ParseClientArguments(absl::string_view program,
                                           std::span<const std::string> arguments);

// adaptive, always, never or experimental.
bool IsPredictionMode(absl::string_view mode);

}  // namespace mosh::client

#endif  // CLIENT_CLIENT_ARGUMENTS_H_
