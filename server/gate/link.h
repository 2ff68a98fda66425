// What the gate and a Host say to each other, over a seqpacket socket pair that the Host was born
// with. Each packet is one message. Plain layouts in network order, nothing optional: either side
// may be of another release, and neither trusts the other.
//
//   gate ─▶ Host   Datagram     a stock client's, maybe (relay.h)
//                  Connection   a control connection of this user; the packet carries its
//                  descriptor Hello        a gate has begun or begun again: tell it your State
//                  Limits       new limits of the configuration; text as in moshd.conf
//                  End          you said that you are idle: end, unless something has come since
//   Host ─▶ gate   Claim        of an offered datagram
//                  Refusal      of a forwarded datagram
//                  State        how many sessions, and whether it has been idle for long
#ifndef SERVER_GATE_LINK_H_
#define SERVER_GATE_LINK_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "server/gate/relay.h"

namespace mosh::server::gate {

struct LinkConnection {
  friend bool operator==(const LinkConnection&, const LinkConnection&) = default;
};
struct LinkHello {
  friend bool operator==(const LinkHello&, const LinkHello&) = default;
};
struct LinkEnd {
  friend bool operator==(const LinkEnd&, const LinkEnd&) = default;
};
struct LinkLimits {
  std::string text;
  friend bool operator==(const LinkLimits&, const LinkLimits&) = default;
};
struct LinkClaim {
  uint64_t id = 0;
  friend bool operator==(const LinkClaim&, const LinkClaim&) = default;
};
struct LinkRefusal {
  uint64_t id = 0;
  friend bool operator==(const LinkRefusal&, const LinkRefusal&) = default;
};
struct LinkState {
  uint32_t pid = 0;
  uint32_t sessions = 0;
  bool idle = false;  // it has had nothing to do for long, and would like to end
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

// The datagram's bytes are a part of the packet.
using LinkMessage = std::variant<RelayedDatagram, LinkConnection, LinkHello, LinkEnd, LinkLimits,
                                 LinkClaim, LinkRefusal, LinkState>;

// The longest packet.
inline constexpr size_t kLinkPacket = 16 * 1024;

std::vector<uint8_t> EncodeLink(const LinkMessage& message);
// nullopt: no message of ours.
std::optional<LinkMessage> DecodeLink(std::span<const uint8_t> packet);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_LINK_H_
