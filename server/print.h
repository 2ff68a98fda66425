// Text to a descriptor, at once and whole.
#ifndef SERVER_PRINT_H_
#define SERVER_PRINT_H_

#include <unistd.h>

#include <cerrno>

#include "absl/strings/string_view.h"

namespace mosh::server {

// Gives up silently if nobody reads.
inline void Print(int descriptor, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(written);
  }
}

}  // namespace mosh::server

#endif  // SERVER_PRINT_H_
