// Profiles come from command lines. Whatever parses must also be safe to run a link with.
#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "netem/link.h"
#include "netem/profile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<mosh::netem::PathConditions> path = mosh::netem::ParseProfile(text);
  if (!path.ok()) return 0;
  mosh::netem::Link link(path->up, 1);
  const std::vector<uint8_t> datagram(100);
  for (int i = 0; i < 20; ++i) {
    const mosh::Instant now = mosh::Instant::FromMillis(i * 100);
    link.Push(datagram, now);
    while (link.Pop(now)) {
    }
  }
  return 0;
}
