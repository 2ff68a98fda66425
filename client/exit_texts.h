// What is printed after a session, once the terminal is the user's again (docs/spec/cli.md §4.6).
// Pure.
#ifndef CLIENT_EXIT_TEXTS_H_
#define CLIENT_EXIT_TEXTS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace mosh::client {

struct SessionEnd {
  enum class Kind {
    kClean,            // the handshake was completed
    kNotAcknowledged,  // we said goodbye, nobody answered
    kNeverConnected,   // nothing was ever heard
    kFatal,            // see `error`
  };
  Kind kind = Kind::kClean;
  std::string error;               // "Crypto exception: …"
  uint64_t foreign_datagrams = 0;  // arrived, but did not authenticate
  std::string last_network_error;  // of sending; may be empty
};

// What remains for `mosh --resume`.
struct Remainder {
  std::string id;        // empty: nothing
  bool resumed = false;  // this was a session continued, not begun
};

// For stderr; empty after a clean end.
std::string ExitText(const SessionEnd& end, absl::string_view address, absl::string_view port,
                     const Remainder& remainder = {});
// 0 after a clean end, else 1.
int ExitStatus(const SessionEnd& end);
// For stdout, always last.
inline constexpr char kExitLine[] = "[mosh is exiting.]\n";

}  // namespace mosh::client

#endif  // CLIENT_EXIT_TEXTS_H_
