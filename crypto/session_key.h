// The secret both ends of a session share, and the text form in which it travels over SSH and in
// MOSH_KEY. Source: docs/spec/transport.md §2.1.
//
// The bytes are wiped when the key is destroyed or moved from, so a key exists in one place at a
// time. Not copyable. Streaming a key (a log line, a failed assertion) shows only that it is one.
#ifndef CRYPTO_SESSION_KEY_H_
#define CRYPTO_SESSION_KEY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/random.h"

namespace mosh::crypto {

class SessionKey {
 public:
  static constexpr size_t kSize = 16;
  // Base64 without its padding.
  static constexpr size_t kTextLength = 22;

  static SessionKey Generate(RandomSource& random);
  static SessionKey FromBytes(std::span<const uint8_t, kSize> bytes);

  // Reads the printable form. Takes exactly what ToBase64() can produce; anything else is
  // kInvalidArgument with one of
  //   "Key must be 22 letters long."
  //   "Key must be well-formed base64."
  //   "Base64 key was not encoded 128-bit key."   (the last letter carries bits beyond the 128th)
  static absl::StatusOr<SessionKey> FromBase64(absl::string_view text);

  SessionKey(SessionKey&& other) noexcept;
  SessionKey& operator=(SessionKey&& other) noexcept;
  ~SessionKey();

  // 22 letters. The string is as secret as the key and is the caller's to wipe (crypto/cleanse.h).
  std::string ToBase64() const;

  // For making a cipher. All zeros once moved from.
  std::span<const uint8_t, kSize> secret_bytes() const { return bytes_; }

  // Takes the same time whatever the bytes are.
  friend bool operator==(const SessionKey& a, const SessionKey& b);

 private:
  SessionKey() = default;

  std::array<uint8_t, kSize> bytes_{};
};

// Writes "SessionKey(secret)".
std::ostream& operator<<(std::ostream& out, const SessionKey& key);

}  // namespace mosh::crypto

#endif  // CRYPTO_SESSION_KEY_H_
