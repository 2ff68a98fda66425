#include "server/connect_line.h"

#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "crypto/cleanse.h"
#include "server/print.h"

namespace mosh::server {

void PrintConnectLine(uint16_t port, absl::string_view key) {
  if (isatty(STDIN_FILENO)) Print(STDOUT_FILENO, "\r\n\n");
  std::string line = absl::StrCat("MOSH CONNECT ", port, " ", key, "\n");
  Print(STDOUT_FILENO, line);
  crypto::Cleanse({reinterpret_cast<uint8_t*>(line.data()), line.size()});
}

}  // namespace mosh::server
