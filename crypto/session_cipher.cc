#include "crypto/session_cipher.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "crypto/ocb3.h"

namespace mosh::crypto {

static_assert(kTagSize == Ocb3::kTagSize);
static_assert(kMaxDatagramSize - kOverhead <= Ocb3::kMaxTextSize);

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
  if (next_sequence_ > last_sequence_) {
    return absl::ResourceExhaustedError("Sequence numbers used up");
  }
  const size_t plaintext_size = datagram.size() - kOverhead;
  const uint64_t blocks =
      blocks_encrypted_ + (plaintext_size + Aes128::kBlockSize - 1) / Aes128::kBlockSize;
  if (blocks >= kBlockLimit) return absl::ResourceExhaustedError("Encrypted 2^47 blocks.");

  const Nonce nonce{.direction = sends_, .sequence = next_sequence_};
  ++next_sequence_.value;
  blocks_encrypted_ = blocks;
  nonce.Write(datagram.first<kNonceSize>());
  ocb_->Seal({.low = nonce.ToWord()}, datagram.subspan(kNonceSize));
  return absl::OkStatus();
}

OpenResult SessionCipher::Open(std::span<uint8_t> datagram) {
  CHECK(ocb_ != nullptr);
  if (datagram.size() < kOverhead || datagram.size() > kMaxDatagramSize) {
    return OpenError::kBadLength;
  }
  const Nonce nonce = Nonce::Read(datagram.first<kNonceSize>());
  // Before the tag is known to fit: a reflection costs nothing then, and the answer is the same,
  // drop it.
  if (nonce.direction == sends_) return OpenError::kWrongDirection;
  if (!ocb_->Open({.low = nonce.ToWord()}, datagram.subspan(kNonceSize))) return OpenError::kForged;
  return Opened{.sequence = nonce.sequence,
                .plaintext = datagram.subspan(kNonceSize, datagram.size() - kOverhead)};
}

bool SessionCipher::Authenticates(std::span<const uint8_t> datagram) {
  std::array<uint8_t, kMaxDatagramSize> copy;
  if (datagram.size() > copy.size()) return false;
  std::copy(datagram.begin(), datagram.end(), copy.begin());
  return Open(std::span(copy).first(datagram.size())).ok();
}

}  // namespace mosh::crypto
