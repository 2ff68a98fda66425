// What becomes of a datagram on the gate's own socket, where stock clients arrive. A known source
// address leads to the Host that claimed it; an unknown one is offered to all Hosts, within limits,
// and the one that authenticates it claims the address. Pure: no socket, no clock.
//
//   datagram ─▶ known address ── to its Host ──▶ refused? ─▶ offered to the others
//           └─▶ unknown ── within the limits ──▶ offered to all ──▶ claimed ─▶ known
//
// The gate can authenticate nothing, so it believes a Host only what it could know: an answer names
// a datagram that this Host was given a short while ago. Two Hosts that claim the same datagram
// cannot both be right; the address then stays unknown, and both get what comes from it.
#ifndef SERVER_GATE_RELAY_H_
#define SERVER_GATE_RELAY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/instant.h"
#include "io/address.h"
#include "io/udp_socket.h"
#include "server/gate/claim_table.h"
#include "server/gate/token_bucket.h"

namespace mosh::server::gate {

// A datagram on its way to a Host.
struct RelayedDatagram {
  // Rises by one; names the datagram in a Host's answer.
  uint64_t id = 0;
  // The Host answers with a claim if it is authentic; else with a refusal if it isn't.
  bool offered = false;
  io::SocketAddress from;
  io::SocketAddress to;
  io::EcnMark ecn = io::EcnMark::kNotEct;
  std::span<const uint8_t> bytes;
};

struct RelayLimits {
  // Offers, each counted once for every Host that gets it. A delivery and the wake-up for it cost
  // the gate and the Host some 10 µs together, so strangers get about a twentieth of a core. The
  // burst is for many clients that come back at once.
  Rate offers{.per_second = 5'000, .burst = 20'000};
  // From one source (an IPv4 address, or 64 bits of an IPv6 one).
  Rate source{.per_second = 20, .burst = 40};
  size_t claims = 65'536;
};

struct RelayStats {
  uint64_t received = 0;
  uint64_t forwarded = 0;   // to the Host of a known address
  uint64_t offered = 0;     // datagrams
  uint64_t deliveries = 0;  // of offers, one for each Host
  uint64_t malformed = 0;   // dropped: nothing of a client's
  uint64_t nobody = 0;      // dropped: unknown source, and no Host is there
  uint64_t limited_source = 0;
  uint64_t limited_offers = 0;
  uint64_t full = 0;  // deliveries dropped: the Host reads too slowly
  uint64_t claims = 0;
  uint64_t bad_claims = 0;
  uint64_t contested = 0;
  uint64_t refusals = 0;
};

class Relay {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    // Must not wait. False: there was no room.
    virtual bool Deliver(HostNumber host, const RelayedDatagram& datagram) = 0;
  };

  // So many datagrams can be answered for.
  static constexpr size_t kRemembered = 512;

  // `sink` outlives the relay.
  Relay(const RelayLimits& limits, Sink* sink);

  void AddHost(HostNumber host);
  void RemoveHost(HostNumber host);

  // True: from a known address.
  bool OnDatagram(const io::SocketAddress& from, const io::SocketAddress& to, io::EcnMark ecn,
                  std::span<const uint8_t> bytes, Instant now);
  // The Host says that this datagram is one of its clients'.
  void OnClaim(HostNumber host, uint64_t id);
  // The Host says that this datagram, forwarded by address, is not.
  void OnRefusal(HostNumber host, uint64_t id, Instant now);

  // A new rate; what is known stays.
  void SetOfferRate(Rate rate);

  const RelayStats& stats() const { return stats_; }
  size_t known_addresses() const { return claims_.size(); }
  std::vector<io::SocketAddress> NewestAddresses(size_t most) const { return claims_.Newest(most); }

 private:
  // A datagram that was handed out.
  struct Given {
    uint64_t id = 0;
    HostNumber only_to = 0;  // 0: to all Hosts of the time
    HostNumber claimed_by = 0;
    io::SocketAddress from;
    io::SocketAddress to;
    io::EcnMark ecn = io::EcnMark::kNotEct;
    std::vector<uint8_t> bytes;
  };
  Given& Remember(const io::SocketAddress& from, const io::SocketAddress& to, io::EcnMark ecn,
                  std::span<const uint8_t> bytes);
  // Null: too long ago, or not this Host's to answer for.
  Given* Find(HostNumber host, uint64_t id);
  // To all but `except`.
  void Offer(const Given& given, HostNumber except);
  bool MayOffer(const io::SocketAddress& from, size_t hosts, Instant now);

  Sink* sink_;
  RelayStats stats_;
  ClaimTable claims_;
  std::map<HostNumber, uint64_t> hosts_;  // and the first id that each can have been given
  std::vector<Given> given_;              // a ring
  uint64_t next_id_ = 1;
  TokenBucket offers_;
  std::vector<TokenBucket> sources_;  // by hash: neighbours share
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_RELAY_H_
