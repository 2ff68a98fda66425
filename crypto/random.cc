#include "crypto/random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace mosh::crypto {

RandomSource::~RandomSource() = default;

void SystemRandom::Fill(std::span<uint8_t> out) { CHECK(RAND_bytes(out.data(), out.size()) == 1); }

}  // namespace mosh::crypto
