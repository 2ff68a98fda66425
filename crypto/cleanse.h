// Overwrites secret bytes with zeros in a way the compiler may not leave out, although nobody reads
// them afterwards.
#ifndef CRYPTO_CLEANSE_H_
#define CRYPTO_CLEANSE_H_

#include <cstdint>
#include <span>

namespace mosh::crypto {

// Never fails. An empty span is fine.
void Cleanse(std::span<uint8_t> secret);

}  // namespace mosh::crypto

#endif  // CRYPTO_CLEANSE_H_
