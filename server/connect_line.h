// The line that tells a wrapper how to reach a session. Source: docs/spec/cli.md §3.2.
#ifndef SERVER_CONNECT_LINE_H_
#define SERVER_CONNECT_LINE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace mosh::server {

// Prints "MOSH CONNECT port key" on stdout, after a blank line if stdin is a terminal, and keeps no
// copy of the key. `key` has 22 characters and stays the caller's to wipe.
void PrintConnectLine(uint16_t port, absl::string_view key);

}  // namespace mosh::server

#endif  // SERVER_CONNECT_LINE_H_
