// Arbitrary packets of a Host that has gone astray.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/check.h"
#include "server/gate/link.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::server::gate;
  const std::optional<LinkMessage> message = DecodeLink({data, size});
  if (!message) return 0;
  const std::vector<uint8_t> packet = EncodeLink(*message);
  CHECK(DecodeLink(packet).has_value());
  return 0;
}
