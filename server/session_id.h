// Names of sessions within a Host: five characters that people can read to each other.
#ifndef SERVER_SESSION_ID_H_
#define SERVER_SESSION_ID_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "crypto/random.h"

namespace mosh::server {

inline constexpr size_t kSessionIdLength = 5;
// Lower-case letters and digits, without those that look like another.
inline constexpr absl::string_view kSessionIdLetters = "abcdefghjkmnpqrstuvwxyz23456789";

inline std::string RandomSessionId(crypto::RandomSource& random) {
  std::string id;
  while (id.size() < kSessionIdLength) {
    std::array<uint8_t, 1> byte;
    random.Fill(byte);
    if (byte[0] / kSessionIdLetters.size() >= 256 / kSessionIdLetters.size()) continue;  // no bias
    id += kSessionIdLetters[byte[0] % kSessionIdLetters.size()];
  }
  return id;
}

}  // namespace mosh::server

#endif  // SERVER_SESSION_ID_H_
