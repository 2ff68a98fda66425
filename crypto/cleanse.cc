#include "crypto/cleanse.h"

#include <openssl/mem.h>

namespace mosh::crypto {

void Cleanse(std::span<uint8_t> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace mosh::crypto
