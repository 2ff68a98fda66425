#include "crypto/route_tag.h"

#include <array>

#include "base/check.h"
#include "crypto/cleanse.h"
#include "openssl/sha.h"

namespace mosh::crypto {
namespace {

constexpr char kLabel[] = "mosh route tag";

}  // namespace

RouteTag RouteTag::Of(const SessionKey& key) {
  SHA256_CTX context;
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256_Init(&context);
  SHA256_Update(&context, kLabel, sizeof kLabel - 1);
  SHA256_Update(&context, key.secret_bytes().data(), key.secret_bytes().size());
  SHA256_Final(digest.data(), &context);
  Cleanse({reinterpret_cast<uint8_t*>(&context), sizeof context});
  const uint32_t first =
      uint32_t{digest[0]} << 24 | uint32_t{digest[1]} << 16 | uint32_t{digest[2]} << 8 | digest[3];
  return {static_cast<uint16_t>(first >> (32 - kHostBits)),
          static_cast<uint16_t>(first >> (32 - kHostBits - kEndpointBits) &
                                ((1u << kEndpointBits) - 1))};
}

SessionKey GenerateKeyForHost(RandomSource& random, uint16_t host) {
  CHECK(host > 0 && host < (1u << RouteTag::kHostBits));
  while (true) {
    SessionKey key = SessionKey::Generate(random);
    if (RouteTag::Of(key).host == host) return key;
  }
}

}  // namespace mosh::crypto
