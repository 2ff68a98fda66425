#include "server/gate/relay.h"

#include <netinet/in.h>

#include <cstring>
#include <utility>

#include "absl/hash/hash.h"
#include "server/gate/route_program.h"

namespace mosh::server::gate {
namespace {

constexpr size_t kSourceBuckets = 8192;

// The part of an address that its owner can't change at will.
uint64_t SourceOf(const io::SocketAddress& from) {
  const io::SocketAddress address = from.Unmapped();
  uint64_t source = 0;
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.address());
    source = v4->sin_addr.s_addr;
  } else if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.address());
    std::memcpy(&source, &v6->sin6_addr, sizeof source);
  }
  return source;
}

}  // namespace

Relay::Relay(const RelayLimits& limits, Sink* sink)
    : sink_(sink),
      claims_(limits.claims),
      given_(kRemembered),
      offers_(limits.offers),
      sources_(kSourceBuckets, TokenBucket(limits.source)) {}

void Relay::AddHost(HostNumber host) { hosts_[host] = next_id_; }

void Relay::RemoveHost(HostNumber host) {
  hosts_.erase(host);
  claims_.ForgetHost(host);
}

void Relay::SetOfferRate(Rate rate) { offers_ = TokenBucket(rate); }

bool Relay::OnDatagram(const io::SocketAddress& from, const io::SocketAddress& to, io::EcnMark ecn,
                       std::span<const uint8_t> bytes, Instant now) {
  ++stats_.received;
  if (bytes.size() < kLeastDatagram || (bytes[0] & 0x80) != 0) {
    ++stats_.malformed;
    return false;
  }
  if (const HostNumber host = claims_.Find(from); host != 0) {
    Given& given = Remember(from, to, ecn, bytes);
    given.only_to = host;
    const RelayedDatagram datagram{given.id, false, from, to, ecn, bytes};
    ++(sink_->Deliver(host, datagram) ? stats_.forwarded : stats_.full);
    return true;
  }
  if (hosts_.empty()) {
    ++stats_.nobody;
    return false;
  }
  if (!MayOffer(from, hosts_.size(), now)) return false;
  const Given& given = Remember(from, to, ecn, bytes);
  Offer(given, 0);
  return false;
}

void Relay::OnClaim(HostNumber host, uint64_t id) {
  Given* given = Find(host, id);
  if (given == nullptr || given->only_to != 0) {
    ++stats_.bad_claims;
    return;
  }
  if (given->claimed_by != 0 && given->claimed_by != host) {
    ++stats_.contested;
    claims_.Forget(given->from);
    return;
  }
  ++stats_.claims;
  given->claimed_by = host;
  claims_.Claim(given->from, host);
}

void Relay::OnRefusal(HostNumber host, uint64_t id, Instant now) {
  Given* given = Find(host, id);
  if (given == nullptr || given->only_to != host) return;
  ++stats_.refusals;
  // Once is enough; and the address stays this Host's until another claims it: what a stranger
  // sends under somebody's address must not cost that one its way in.
  given->only_to = 0;
  if (hosts_.size() < 2 || !MayOffer(given->from, hosts_.size() - 1, now)) return;
  Offer(*given, host);
}

bool Relay::MayOffer(const io::SocketAddress& from, size_t hosts, Instant now) {
  if (!sources_[absl::HashOf(SourceOf(from)) % sources_.size()].Take(1, now)) {
    ++stats_.limited_source;
    return false;
  }
  if (!offers_.Take(static_cast<double>(hosts), now)) {
    ++stats_.limited_offers;
    return false;
  }
  return true;
}

void Relay::Offer(const Given& given, HostNumber except) {
  ++stats_.offered;
  const RelayedDatagram datagram{given.id, true, given.from, given.to, given.ecn, given.bytes};
  for (const auto& [host, first_id] : hosts_) {
    if (host == except) continue;
    ++(sink_->Deliver(host, datagram) ? stats_.deliveries : stats_.full);
  }
}

Relay::Given& Relay::Remember(const io::SocketAddress& from, const io::SocketAddress& to,
                              io::EcnMark ecn, std::span<const uint8_t> bytes) {
  Given& given = given_[next_id_ % kRemembered];
  given.id = next_id_++;
  given.only_to = 0;
  given.claimed_by = 0;
  given.from = from;
  given.to = to;
  given.ecn = ecn;
  given.bytes.assign(bytes.begin(), bytes.end());
  return given;
}

Relay::Given* Relay::Find(HostNumber host, uint64_t id) {
  const auto known = hosts_.find(host);
  if (known == hosts_.end() || id < known->second) return nullptr;
  Given& given = given_[id % kRemembered];
  return given.id == id ? &given : nullptr;
}

}  // namespace mosh::server::gate
