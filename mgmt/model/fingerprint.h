// Tells different texts apart, the same way in every run; not against somebody who wants them
// confused. Source: FNV-1a, 64 bits (draft-eastlake-fnv).
#ifndef MGMT_MODEL_FINGERPRINT_H_
#define MGMT_MODEL_FINGERPRINT_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace mosh::mgmt {

inline uint64_t Fingerprint(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_FINGERPRINT_H_
