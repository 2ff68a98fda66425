#include "server/gate/link.h"

#include "server/gate/packet.h"

namespace mosh::server::gate {
namespace {

enum Kind : uint8_t {
  kDatagram = 1,
  kConnection = 2,
  kHello = 3,
  kEnd = 4,
  kLimits = 5,
  kClaim = 16,
  kRefusal = 17,
  kState = 18,
};

void Write(const RelayedDatagram& d, PacketWriter* out) {
  out->Number(kDatagram).Number(d.id).Number(static_cast<uint8_t>(d.offered));
  out->Number(static_cast<uint8_t>(d.ecn)).Address(d.from).Address(d.to).Rest(d.bytes);
}
void Write(const LinkConnection&, PacketWriter* out) { out->Number(kConnection); }
void Write(const LinkHello&, PacketWriter* out) { out->Number(kHello); }
void Write(const LinkEnd&, PacketWriter* out) { out->Number(kEnd); }
void Write(const LinkLimits& m, PacketWriter* out) { out->Number(kLimits).Text(m.text); }
void Write(const LinkClaim& m, PacketWriter* out) { out->Number(kClaim).Number(m.id); }
void Write(const LinkRefusal& m, PacketWriter* out) { out->Number(kRefusal).Number(m.id); }
void Write(const LinkState& m, PacketWriter* out) {
  out->Number(kState).Number(m.pid).Number(m.sessions);
  out->Number(static_cast<uint8_t>(m.idle));
}

RelayedDatagram ReadDatagram(PacketReader& in) {
  RelayedDatagram datagram;
  datagram.id = in.Number<uint64_t>();
  datagram.offered = in.Number<uint8_t>() != 0;
  datagram.ecn = static_cast<io::EcnMark>(in.Number<uint8_t>() & 3);
  datagram.from = in.Address();
  datagram.to = in.Address();
  datagram.bytes = in.Rest();
  return datagram;
}

LinkState ReadState(PacketReader& in) {
  LinkState state;
  state.pid = in.Number<uint32_t>();
  state.sessions = in.Number<uint32_t>();
  state.idle = in.Number<uint8_t>() != 0;
  return state;
}

std::optional<LinkMessage> ReadMessage(PacketReader& in) {
  switch (in.Number<uint8_t>()) {
    case kDatagram:
      return ReadDatagram(in);
    case kConnection:
      return LinkConnection{};
    case kHello:
      return LinkHello{};
    case kEnd:
      return LinkEnd{};
    case kLimits:
      return LinkLimits{in.Text()};
    case kClaim:
      return LinkClaim{in.Number<uint64_t>()};
    case kRefusal:
      return LinkRefusal{in.Number<uint64_t>()};
    case kState:
      return ReadState(in);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<uint8_t> EncodeLink(const LinkMessage& message) {
  PacketWriter out;
  std::visit([&out](const auto& m) { Write(m, &out); }, message);
  return out.Take();
}

std::optional<LinkMessage> DecodeLink(std::span<const uint8_t> packet) {
  PacketReader in(packet);
  std::optional<LinkMessage> message = ReadMessage(in);
  if (!in.finished()) return std::nullopt;
  return message;
}

}  // namespace mosh::server::gate
