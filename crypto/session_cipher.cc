#include "crypto/session_cipher.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "crypto/ocb3.h"

namespace mosh::crypto {
namespace {

static_assert(kTagSize == Ocb3::kTagSize);
static_assert(kMaxDatagramSize - kOverhead <= Ocb3::kMaxTextSize);

// The cipher's nonce: the eight octets of the wire behind four zeros.
std::array<uint8_t, Ocb3::kNonceSize> FullNonce(std::span<const uint8_t, kNonceSize> wire) {
  std::array<uint8_t, Ocb3::kNonceSize> full{};
  std::memcpy(full.data() + (full.size() - wire.size()), wire.data(), wire.size());
  return full;
}

}  // namespace

SessionCipher::SessionCipher(const SessionKey& key, Direction sends, SequenceNumber first_sequence,
                             uint64_t blocks_encrypted)
    : ocb_(std::make_unique<Ocb3>(key.secret_bytes())),
      sends_(sends),
      next_sequence_(first_sequence),
      blocks_encrypted_(blocks_encrypted) {}

SessionCipher::~SessionCipher() = default;
SessionCipher::SessionCipher(SessionCipher&&) noexcept = default;
SessionCipher& SessionCipher::operator=(SessionCipher&&) noexcept = default;

absl::Status SessionCipher::Seal(std::span<uint8_t> datagram) {
  CHECK(ocb_ != nullptr);
  CHECK(datagram.size() >= kOverhead);
  CHECK(datagram.size() <= kMaxDatagramSize);
  if (next_sequence_ > SequenceNumber::Max()) {
    return absl::ResourceExhaustedError("Counter wrapped");
  }
  const size_t plaintext_size = datagram.size() - kOverhead;
  const uint64_t blocks = blocks_encrypted_ + (plaintext_size + 15) / 16;
  if (blocks >= kBlockLimit) return absl::ResourceExhaustedError("Encrypted 2^47 blocks.");

  const auto wire_nonce = datagram.first<kNonceSize>();
  Nonce{.direction = sends_, .sequence = next_sequence_}.Write(wire_nonce);
  ++next_sequence_.value;
  blocks_encrypted_ = blocks;
  ocb_->Seal(FullNonce(wire_nonce), datagram.subspan(kNonceSize));
  return absl::OkStatus();
}

OpenResult SessionCipher::Open(std::span<uint8_t> datagram) {
  CHECK(ocb_ != nullptr);
  if (datagram.size() < kOverhead || datagram.size() > kMaxDatagramSize) {
    return OpenError::kBadLength;
  }
  const auto wire_nonce = datagram.first<kNonceSize>();
  const Nonce nonce = Nonce::Read(wire_nonce);
  // Before the tag is known to fit: a reflection costs nothing then, and the answer is the same,
  // drop it.
  if (nonce.direction == sends_) return OpenError::kWrongDirection;
  if (!ocb_->Open(FullNonce(wire_nonce), datagram.subspan(kNonceSize))) return OpenError::kForged;
  return Opened{.sequence = nonce.sequence,
                .plaintext = datagram.subspan(kNonceSize, datagram.size() - kOverhead)};
}

}  // namespace mosh::crypto
