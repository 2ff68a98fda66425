// Where a server's peer is: the source of its newest authentic datagram (spec §4.4). The peer roams
// simply by sending from elsewhere, and is forgotten after 40 s of silence, because replies to an
// address it has left help nobody.
//
// Use: OnReceived() for every authentic datagram; if has_peer() changed, tell
// Transport::SetHasPeer. OnSent() after every send. Pure; Address is any regular type.
#ifndef SSP_PEER_TRACKER_H_
#define SSP_PEER_TRACKER_H_

#include <chrono>
#include <concepts>
#include <optional>

#include "base/instant.h"

namespace mosh::ssp {

template <std::regular Address>
class PeerTracker {
 public:
  static constexpr std::chrono::milliseconds kForgetAfter{40000};

  // `newest` is Transport::Received::newest: an old or replayed datagram moves nothing. True: the
  // peer is new or moved.
  bool OnReceived(bool newest, const Address& from, Instant now) {
    if (!newest) return false;
    last_heard_ = now;
    if (peer_ == from) return false;
    peer_ = from;
    return true;
  }

  // True: the peer has been silent for too long and is now forgotten.
  bool OnSent(Instant now) {
    if (!peer_ || now - last_heard_ <= kForgetAfter) return false;
    peer_.reset();
    return true;
  }

  bool has_peer() const { return peer_.has_value(); }
  const std::optional<Address>& peer() const { return peer_; }
  // Arrival of the peer's newest datagram; meaningful once there was one.
  Instant last_heard() const { return last_heard_; }

 private:
  std::optional<Address> peer_;
  Instant last_heard_;
};

}  // namespace mosh::ssp

#endif  // SSP_PEER_TRACKER_H_
