#include "server/gate/process_title.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <span>

namespace mosh::server::gate {
namespace {

std::span<char> room;

}  // namespace

void PrepareProcessTitle(int argc, char** argv) {
  char* end = argv[0];
  // The strings stand one after the other.
  const auto extend = [&end](char* text) {
    if (text == end) end += strlen(text) + 1;
  };
  for (int i = 0; i < argc; ++i) extend(argv[i]);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    extend(*variable);
    *variable = strdup(*variable);
  }
  room = {argv[0], end};
  // What entries of the system's log begin with points there, too: PAM's modules write some.
  program_invocation_name = strdup(program_invocation_name);
  program_invocation_short_name = strdup(program_invocation_short_name);
}

void SetProcessTitle(const char* name, absl::string_view title) {
  prctl(PR_SET_NAME, name, 0, 0, 0);
  if (room.empty()) return;
  const size_t size = std::min(title.size(), room.size() - 1);
  std::fill(room.begin(), room.end(), '\0');
  std::copy_n(title.begin(), size, room.begin());
}

}  // namespace mosh::server::gate
