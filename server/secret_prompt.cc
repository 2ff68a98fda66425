#include "server/secret_prompt.h"

namespace mosh::server {

bool AsksForSecret(const termios& settings) {
  if ((settings.c_lflag & ECHO) != 0) return false;
  if ((settings.c_lflag & ICANON) != 0) return true;
  // A line editor may swap Return and newline, and swap them back.
  return (settings.c_iflag & ICRNL) != 0 && (settings.c_iflag & INLCR) == 0;
}

}  // namespace mosh::server
