// Whatever arrives from the network: opening never misbehaves, opens only what sealing makes, and
// leaves nothing readable otherwise. The corpus is sealed with the key below, so that mutations
// start on the inside of the cipher.
#include <algorithm>
#include <array>
#include <vector>

#include "base/check.h"
#include "crypto/session_cipher.h"

namespace mosh::crypto {
namespace {

constexpr std::array<uint8_t, SessionKey::kSize> kKey = {0, 1, 2,  3,  4,  5,  6,  7,
                                                         8, 9, 10, 11, 12, 13, 14, 15};

void Check(std::span<const uint8_t> input) {
  static const SessionKey key = SessionKey::FromBytes(kKey);
  static SessionCipher server(key, Direction::kToClient);
  std::vector<uint8_t> datagram(input.begin(), input.end());
  const OpenResult opened = server.Open(datagram);
  if (opened.ok()) {
    // Sealing the same text under the same nonce gives the same datagram, or something opened that
    // nobody sealed.
    CHECK(opened->plaintext.size() + kOverhead == input.size());
    SessionCipher client(key, Direction::kToServer, opened->sequence);
    CHECK(client.Seal(datagram).ok());
    CHECK(std::equal(datagram.begin(), datagram.end(), input.begin(), input.end()));
  } else if (opened.error() == OpenError::kForged) {
    CHECK(std::all_of(datagram.begin() + kNonceSize, datagram.end(),
                      [](uint8_t byte) { return byte == 0; }));
  } else {
    CHECK(std::equal(datagram.begin(), datagram.end(), input.begin(), input.end()));
  }
}

}  // namespace
}  // namespace mosh::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mosh::crypto::Check({data, size});
  return 0;
}
