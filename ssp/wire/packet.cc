#include "ssp/wire/packet.h"

#include "ssp/wire/big_endian.h"

namespace mosh::ssp {

void EncodePacketHeader(Timestamp16 timestamp, Timestamp16 reply,
                        std::span<uint8_t, kPacketHeaderSize> out) {
  StoreBigEndian(timestamp.wire(), out.subspan<0, 2>());
  StoreBigEndian(reply.wire(), out.subspan<2, 2>());
}

std::optional<Packet> DecodePacket(std::span<const uint8_t> plaintext) {
  if (plaintext.size() < kPacketHeaderSize) return std::nullopt;
  return Packet{Timestamp16(LoadBigEndian<uint16_t>(plaintext.subspan<0, 2>())),
                Timestamp16(LoadBigEndian<uint16_t>(plaintext.subspan<2, 2>())),
                plaintext.subspan(kPacketHeaderSize)};
}

}  // namespace mosh::ssp
