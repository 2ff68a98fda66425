// Any bytes as a diff of user input: nothing aborts, what was accepted survives a round trip, what
// was refused changed nothing.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "sync/user_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mosh::sync::UserStream;
  const absl::string_view diff(reinterpret_cast<const char*>(data), size);
  UserStream base;
  base.PushBytes("base");
  UserStream stream = base;
  if (!stream.Apply(diff).ok()) {
    if (!(stream == base)) std::abort();
    return 0;
  }
  UserStream copy = base;
  if (!copy.Apply(stream.DiffFrom(base)).ok()) std::abort();
  if (!(copy == stream)) std::abort();
  stream.Subtract(base);
  if (stream.size() != copy.size() - base.size()) std::abort();
  return 0;
}
