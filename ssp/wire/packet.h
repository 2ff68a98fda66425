// The packet: what one datagram holds once opened. Source: docs/spec/transport.md §3.
//
//   0  timestamp        2 octets, the sender's clock
//   2  timestamp reply  2 octets, 0xffff = none
//   4  payload          one fragment
//
// Encoding and decoding only; big-endian. Views point into the caller's bytes.
#ifndef SSP_WIRE_PACKET_H_
#define SSP_WIRE_PACKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ssp/timestamp16.h"

namespace mosh::ssp {

inline constexpr size_t kPacketHeaderSize = 4;

struct Packet {
  Timestamp16 timestamp;
  Timestamp16 reply;
  std::span<const uint8_t> payload;
};

// Writes the header; the payload is the caller's to place behind it.
void EncodePacketHeader(Timestamp16 timestamp, Timestamp16 reply,
                        std::span<uint8_t, kPacketHeaderSize> out);

// nullopt: too short.
std::optional<Packet> DecodePacket(std::span<const uint8_t> plaintext);

}  // namespace mosh::ssp

#endif  // SSP_WIRE_PACKET_H_
