#include "crypto/session_key.h"

#include <openssl/base64.h>
#include <openssl/mem.h>

#include <algorithm>
#include <ostream>

#include "absl/status/status.h"
#include "base/check.h"
#include "crypto/cleanse.h"

namespace mosh::crypto {
namespace {

// With padding, as the library reads and writes it: 24 letters, the last two of them '='.
constexpr size_t kPaddedLength = SessionKey::kTextLength + 2;

// Encodes into the caller's buffer, so that the only copies are ones somebody wipes.
void Encode(std::span<const uint8_t, SessionKey::kSize> bytes,
            std::span<uint8_t, kPaddedLength + 1> text) {
  CHECK(EVP_EncodeBlock(text.data(), bytes.data(), bytes.size()) == kPaddedLength);
}

}  // namespace

SessionKey SessionKey::Generate(RandomSource& random) {
  SessionKey key;
  random.Fill(key.bytes_);
  return key;
}

SessionKey SessionKey::FromBytes(std::span<const uint8_t, kSize> bytes) {
  SessionKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

absl::StatusOr<SessionKey> SessionKey::FromBase64(absl::string_view text) {
  if (text.size() != kTextLength) {
    return absl::InvalidArgumentError("Key must be 22 letters long.");
  }
  std::array<uint8_t, kPaddedLength> padded;
  std::copy(text.begin(), text.end(), padded.begin());
  std::fill(padded.begin() + kTextLength, padded.end(), static_cast<uint8_t>('='));

  std::array<uint8_t, kPaddedLength / 4 * 3> decoded{};
  size_t decoded_size = 0;
  const bool well_formed = EVP_DecodeBase64(decoded.data(), &decoded_size, decoded.size(),
                                            padded.data(), padded.size()) == 1;
  SessionKey key;
  std::copy_n(decoded.begin(), kSize, key.bytes_.begin());
  Cleanse(decoded);

  // Decoders pass over the low four bits of the last letter; only the encoder's own choice of them,
  // zeros, is a key.
  std::array<uint8_t, kPaddedLength + 1> again;
  Encode(key.bytes_, again);
  const bool canonical = CRYPTO_memcmp(again.data(), padded.data(), kTextLength) == 0;
  Cleanse(again);
  Cleanse(padded);

  if (!well_formed || decoded_size != kSize) {
    return absl::InvalidArgumentError("Key must be well-formed base64.");
  }
  if (!canonical) return absl::InvalidArgumentError("Base64 key was not encoded 128-bit key.");
  return key;
}

SessionKey::SessionKey(SessionKey&& other) noexcept : bytes_(other.bytes_) {
  Cleanse(other.bytes_);
}

SessionKey& SessionKey::operator=(SessionKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    Cleanse(other.bytes_);
  }
  return *this;
}

SessionKey::~SessionKey() { Cleanse(bytes_); }

std::string SessionKey::ToBase64() const {
  std::array<uint8_t, kPaddedLength + 1> padded;
  Encode(bytes_, padded);
  std::string text(padded.begin(), padded.begin() + kTextLength);
  Cleanse(padded);
  return text;
}

bool operator==(const SessionKey& a, const SessionKey& b) {
  return CRYPTO_memcmp(a.bytes_.data(), b.bytes_.data(), SessionKey::kSize) == 0;
}

std::ostream& operator<<(std::ostream& out, const SessionKey&) {
  return out << "SessionKey(secret)";
}

}  // namespace mosh::crypto
