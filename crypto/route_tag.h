// Where a datagram belongs, readable without any key: many sessions share one UDP port, and the
// kernel picks the receiving socket by the first bytes of the datagram. Source: docs/adr/0005.
//
// A datagram begins with its nonce: one direction bit and a 63-bit sequence number, which may start
// anywhere. A client of ours starts it at a tag in the top bits:
//
//   bit 63       62 .. 51        50 .. 36            35 .. 0
//   direction    host (12 bits)  endpoint (15 bits)  counts the datagrams
//
// Both ends derive the tag from the session key, so nothing is negotiated. A host makes keys until
// one has its own number (4096 tries, about a millisecond); the endpoint's part is whatever the
// hash gives, a bucket rather than an address. Host 0 is nobody's: a stock client starts at 0. The
// tag is as linkable as the sequence numbers always were; of the key's 128 bits it gives away none
// that help.
#ifndef CRYPTO_ROUTE_TAG_H_
#define CRYPTO_ROUTE_TAG_H_

#include <compare>
#include <cstdint>

#include "crypto/nonce.h"
#include "crypto/random.h"
#include "crypto/session_key.h"

namespace mosh::crypto {

struct RouteTag {
  static constexpr int kHostBits = 12;
  static constexpr int kEndpointBits = 15;
  // So many datagrams can be sent under one tag.
  static constexpr uint64_t kSequences = uint64_t{1} << (63 - kHostBits - kEndpointBits);

  uint16_t host = 0;      // below 2^kHostBits
  uint16_t endpoint = 0;  // below 2^kEndpointBits

  // The first kHostBits + kEndpointBits bits of SHA-256("mosh route tag" || key).
  static RouteTag Of(const SessionKey& key);
  // What a sequence number says. Stock's say {0, 0}.
  static constexpr RouteTag Of(SequenceNumber sequence) {
    const uint64_t tag = sequence.value / kSequences;
    return {static_cast<uint16_t>(tag >> kEndpointBits),
            static_cast<uint16_t>(tag & ((1u << kEndpointBits) - 1))};
  }

  constexpr SequenceNumber FirstSequence() const {
    return {(uint64_t{host} << kEndpointBits | endpoint) * kSequences};
  }
  // A client that has used this one up must end its session.
  constexpr SequenceNumber LastSequence() const {
    return {FirstSequence().value + (kSequences - 1)};
  }

  friend auto operator<=>(const RouteTag&, const RouteTag&) = default;
};

// A new key whose tag leads to this host (1 .. 2^kHostBits - 1).
SessionKey GenerateKeyForHost(RandomSource& random, uint16_t host);

}  // namespace mosh::crypto

#endif  // CRYPTO_ROUTE_TAG_H_
