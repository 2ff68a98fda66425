// Finds the endpoint that a datagram is for, where many share a port. Source: docs/adr/0005.
//
//   1. by the route tag in its sequence number: clients of ours. Exact but for chance collisions.
//   2. by the address it comes from: stock clients, which have no tag, at a known place.
//   3. by trial: a stock client that is new or has moved. The key is tried of every endpoint whose
//      client isn't known to use tags and whose datagrams have come about as far, closest first.
//
// Nothing but an authentic datagram changes a route (OnAuthentic). A stranger's garbage costs one
// decryption in 1 and 2 and a bounded share of the processor in 3. Pure; time comes in.
#ifndef SERVER_ROUTER_H_
#define SERVER_ROUTER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/instant.h"
#include "crypto/nonce.h"
#include "crypto/route_tag.h"
#include "io/address.h"

namespace mosh::server {

class Router;

// An endpoint as the router sees it. Leaves its router before it dies.
class Routed {
 public:
  Routed() = default;
  Routed(const Routed&) = delete;
  Routed& operator=(const Routed&) = delete;

  // Whether the datagram was made by the holder of this endpoint's key. Changes nothing.
  virtual bool Authenticates(std::span<const uint8_t> datagram) = 0;

 protected:
  ~Routed() = default;

 private:
  friend class Router;
  crypto::RouteTag tag_;
  Routed* next_of_tag_ = nullptr;
  io::SocketAddress address_;  // unmapped; empty: never heard
  bool uses_tag_ = false;
  uint64_t expected_ = 0;  // one more than the highest sequence number heard
  uint64_t order_ = 0;     // of arrival in the router
};

class Router {
 public:
  // A sequence number so far ahead is nobody's: a client that was out of reach for so many
  // datagrams sent one every three seconds for a year and a half.
  static constexpr uint64_t kMostAhead = uint64_t{1} << 24;
  // A trial takes 0.3 to 0.7 us, by the datagram's length (//server:router_benchmark), so strangers
  // get at most 14% of a processor. The burst lets one datagram be tried on every endpoint of a
  // large host.
  static constexpr double kTrialsPerSecond = 200'000;
  static constexpr double kTrialBurst = 32'768;

  explicit Router(Instant now) : refilled_(now) {}

  void Add(Routed* endpoint, crypto::RouteTag tag);
  void Remove(Routed* endpoint);

  // Whose datagram this seems to be: it may still turn out not to be authentic. Null: nobody's.
  Routed* Find(std::span<const uint8_t> datagram, const io::SocketAddress& from, Instant now);

  // The endpoint has taken this one for authentic and the newest of its client's.
  void OnAuthentic(Routed* endpoint, crypto::SequenceNumber sequence,
                   const io::SocketAddress& from);

  size_t size() const { return size_; }
  // Keys tried so far in step 3, and datagrams for which the budget didn't last.
  uint64_t trials() const { return trials_; }
  uint64_t cut_short() const { return cut_short_; }

 private:
  // The sequence number expected next, then the endpoint's age.
  using Place = std::pair<uint64_t, uint64_t>;

  static uint32_t KeyOf(crypto::RouteTag tag);
  Routed* FindByTag(std::span<const uint8_t> datagram, crypto::SequenceNumber sequence) const;
  Routed* FindByTrial(std::span<const uint8_t> datagram, crypto::SequenceNumber sequence,
                      Instant now);

  absl::flat_hash_map<uint32_t, Routed*> by_tag_;  // heads of chains
  absl::flat_hash_map<io::SocketAddress, Routed*> by_address_;
  std::map<Place, Routed*> untagged_;  // endpoints that may have a stock client

  size_t size_ = 0;
  uint64_t next_order_ = 0;
  double budget_ = kTrialBurst;
  Instant refilled_;
  uint64_t trials_ = 0;
  uint64_t cut_short_ = 0;
};

}  // namespace mosh::server

#endif  // SERVER_ROUTER_H_
