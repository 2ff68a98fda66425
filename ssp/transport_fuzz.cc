// A peer that holds the key and is hostile: any sequence of validly sealed plaintexts, with time
// passing and local changes in between. Nothing may abort, memory stays bounded, and the deadline
// always moves on.
//
// Input: records of an operation octet, then for even operations two octets of length and a
// plaintext.
#include <cstring>
#include <vector>

#include "base/check.h"
#include "crypto/testing/seeded_random.h"
#include "ssp/testing/toy_states.h"
#include "ssp/transport.h"

namespace {

using namespace mosh;
using namespace mosh::ssp;

class Drop final : public DatagramSink {
 public:
  void Send(std::span<const uint8_t> datagram) override { CHECK(datagram.size() <= 1252); }
};

crypto::SessionKey Key() {
  static constexpr uint8_t kBytes[16] = {1, 2, 3};
  return crypto::SessionKey::FromBytes(kBytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto codec = std::make_shared<Codec>();
  crypto::SeededRandom random(1);
  TransportConfig config;
  config.codec = codec;
  config.max_remote_states = 16;
  config.max_remote_bytes = 4096;
  Instant now = Instant::FromMillis(1000);
  Transport<ToyStream, ToyStream> transport(
      config, crypto::SessionCipher(Key(), crypto::Direction::kToClient), &random, ToyStream(),
      ToyStream(), now);
  crypto::SessionCipher peer(Key(), crypto::Direction::kToServer);
  ToyStream live;
  Drop sink;
  while (size > 0) {
    const uint8_t operation = *data++;
    --size;
    if (operation % 2 == 0) {
      if (size < 2) break;
      const size_t length = std::min<size_t>((data[0] << 8 | data[1]) % 2000, size - 2);
      std::vector<uint8_t> datagram(length + crypto::kOverhead);
      if (length > 0) std::memcpy(datagram.data() + crypto::kNonceSize, data + 2, length);
      data += 2 + length;
      size -= 2 + length;
      CHECK(peer.Seal(datagram).ok());
      const auto result = transport.OnDatagram(datagram, EcnMark(operation / 2 % 4), now);
      CHECK(result.authentic);
      CHECK(result.newest);
      if (result.new_remote_state && operation % 4 == 0) transport.AcceptRemote();
    } else if (operation % 16 == 1) {
      live.Append("x");
      transport.OnLocalChange(now);
    } else if (operation == 3) {
      transport.StartShutdown(now);
    } else if (operation == 5) {
      transport.OnDatagramTooBig(now);
    } else {
      now += std::chrono::milliseconds(operation);
    }
    for (int turns = 0; now >= transport.NextDeadline(); ++turns) {
      CHECK(turns < 20);
      CHECK(transport.OnDeadline(now, live, sink).ok());
    }
    CHECK(transport.remote().MemoryUse() <= 4096);
  }
  return 0;
}
