// Decides when a client changes its source port and which of its old sockets it may close (spec
// §4.5). Middleboxes that have gone bad for one flow are escaped by starting another. Pure: the
// owner opens and closes the sockets.
//
// Use: OnSent() after every datagram batch; when it says so, open a socket, send on it from now on,
// and call OnHopped(). After a successful receive and after a hop close the PruneCount() oldest
// sockets; keep reading the rest.
#ifndef SSP_PORT_HOPPER_H_
#define SSP_PORT_HOPPER_H_

#include <chrono>
#include <cstddef>
#include <optional>

#include "base/instant.h"

namespace mosh::ssp {

class PortHopper {
 public:
  static constexpr std::chrono::milliseconds kHopInterval{10000};
  static constexpr std::chrono::milliseconds kOldSocketAge{60000};
  static constexpr size_t kMaxSockets = 10;

  // One socket is open, since `now`.
  explicit PortHopper(Instant now) : newest_opened_(now) {}

  // `last_roundtrip` is the send time of the newest own state known to have arrived
  // (Transport::last_ack_of_send_at), nullopt before the first. True: open a new socket now; the
  // datagram just sent still left by the old one. If that fails, call OnHopFailed() so as not to be
  // asked again at every datagram.
  bool OnSent(Instant now, std::optional<Instant> last_roundtrip) const;

  void OnHopped(Instant now);
  void OnHopFailed(Instant now) { newest_opened_ = now; }

  // How many of the oldest sockets to close. They count as closed from here on.
  size_t PruneCount(Instant now);

  size_t sockets() const { return sockets_; }

 private:
  Instant newest_opened_;
  size_t sockets_ = 1;
};

}  // namespace mosh::ssp

#endif  // SSP_PORT_HOPPER_H_
