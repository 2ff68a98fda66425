// The UDP ports a server may listen on. Source: docs/spec/transport.md §4.3, docs/spec/cli.md §3.
// Pure.
#ifndef SERVER_PORT_RANGE_H_
#define SERVER_PORT_RANGE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosh::server {

// Ports low..high, both included, tried in ascending order. {0, 0}: the operating system chooses
// one.
struct PortRange {
  uint16_t low = 60001;
  uint16_t high = 60999;

  friend bool operator==(PortRange, PortRange) = default;
};

// Parses "PORT" or "LOW:HIGH". The error's message is the reason stock prints, ready for the user.
absl::StatusOr<PortRange> ParsePortRange(absl::string_view text);

}  // namespace mosh::server

#endif  // SERVER_PORT_RANGE_H_
