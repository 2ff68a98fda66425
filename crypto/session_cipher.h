// Seals and opens one datagram of a session: 8 octets nonce | ciphertext | 16 octets tag.
// Source: docs/spec/transport.md §2.2 (AES-128-OCB3, RFC 7253, 96-bit nonce of four zero octets and
// the eight sent) and §2.4 (sequence numbers, limits).
//
// One SessionCipher stands for one end: it seals in its own direction, opens only the other one,
// and owns the counter of what it sealed, so a nonce cannot be used twice. Both directions share
// the key. Make one cipher per end and key; a second one of the same key and direction must start
// beyond the sequence numbers of the first.
//
// Datagrams are worked on in place, without allocation. Not thread-safe. Moving is cheap; after it
// the source may only be assigned to or destroyed. All key material is wiped with the last owner.
#ifndef CRYPTO_SESSION_CIPHER_H_
#define CRYPTO_SESSION_CIPHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>

#include "absl/status/status.h"
#include "crypto/nonce.h"
#include "crypto/session_key.h"

namespace mosh::crypto {

class Ocb3;

inline constexpr size_t kTagSize = 16;
// A datagram is this much longer than its plaintext.
inline constexpr size_t kOverhead = kNonceSize + kTagSize;
// No UDP payload is longer, in octets.
inline constexpr size_t kMaxDatagramSize = 65535;

// Why a datagram was not opened. For counters: whatever the reason, the datagram is dropped.
enum class OpenError : uint8_t {
  kBadLength,       // shorter than nonce and tag, or longer than any datagram
  kWrongDirection,  // sealed by an end like this one: a reflection
  kForged,          // the tag does not fit: another key, or changed on its way
};

struct Opened {
  SequenceNumber sequence;
  std::span<uint8_t> plaintext;  // within the caller's datagram
};

// Either an opened datagram or the reason why there is none.
class OpenResult {
 public:
  OpenResult(Opened opened) : result_(opened) {}   // NOLINT(google-explicit-constructor)
  OpenResult(OpenError error) : result_(error) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<Opened>(result_); }
  explicit operator bool() const { return ok(); }
  // Only if ok().
  const Opened& operator*() const { return *std::get_if<Opened>(&result_); }
  const Opened* operator->() const { return std::get_if<Opened>(&result_); }
  // Only if !ok().
  OpenError error() const { return *std::get_if<OpenError>(&result_); }

 private:
  std::variant<Opened, OpenError> result_;
};

class SessionCipher {
 public:
  // AES blocks one end may encrypt under one key: half of the 2^48 recommended, because two ends
  // share it.
  static constexpr uint64_t kBlockLimit = uint64_t{1} << 47;

  // `sends` is the direction of what this end seals. Sequence numbers start at `first_sequence` and
  // only rise. An end that takes over from another process passes on its counters; a new session
  // starts at zero.
  SessionCipher(const SessionKey& key, Direction sends, SequenceNumber first_sequence = {0},
                uint64_t blocks_encrypted = 0);
  ~SessionCipher();
  SessionCipher(SessionCipher&&) noexcept;
  SessionCipher& operator=(SessionCipher&&) noexcept;

  // Seals in place. `datagram` is [8 octets room][plaintext][16 octets room], 24 to
  // kMaxDatagramSize octets; afterwards it can be sent as it is. Uses up one sequence number.
  // Errors, all final for the session, with the datagram and the counters left as they were:
  //   kResourceExhausted "Encrypted 2^47 blocks." | "Counter wrapped" | "Sequence numbers used up"
  absl::Status Seal(std::span<uint8_t> datagram);

  // Opens in place whatever came from the network; replays are opened too, their sequence number
  // tells. On success the plaintext lies where the ciphertext was, and the tag's room is zeros. If
  // the tag does not fit, everything behind the nonce is zeros; after the other errors the datagram
  // is untouched.
  OpenResult Open(std::span<uint8_t> datagram);

  // Whether Open() would succeed. Leaves the datagram as it is; costs a copy more than Open().
  bool Authenticates(std::span<const uint8_t> datagram);

  // Counted as ceil(plaintext / 16) per sealed datagram; opening does not count.
  uint64_t blocks_encrypted() const { return blocks_encrypted_; }
  // What the next Seal() will use. Max() + 1 when all are used up.
  SequenceNumber next_sequence() const { return next_sequence_; }
  // Seal() uses no number beyond `last`; a later call may allow more, or less. Without one it is
  // SequenceNumber::Max().
  void AllowSequencesUpTo(SequenceNumber last) { last_sequence_ = last; }
  Direction sends() const { return sends_; }

 private:
  std::unique_ptr<Ocb3> ocb_;
  Direction sends_;
  SequenceNumber next_sequence_;
  SequenceNumber last_sequence_ = SequenceNumber::Max();
  uint64_t blocks_encrypted_;
};

}  // namespace mosh::crypto

#endif  // CRYPTO_SESSION_CIPHER_H_
