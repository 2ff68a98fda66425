#include "ssp/port_hopper.h"

#include <algorithm>

namespace mosh::ssp {

bool PortHopper::OnSent(Instant now, std::optional<Instant> last_roundtrip) const {
  if (now - newest_opened_ <= kHopInterval) return false;
  return !last_roundtrip || now - *last_roundtrip > kHopInterval;
}

void PortHopper::OnHopped(Instant now) {
  newest_opened_ = now;
  ++sockets_;
}

size_t PortHopper::PruneCount(Instant now) {
  const size_t keep = now - newest_opened_ > kOldSocketAge ? 1 : kMaxSockets;
  const size_t close = sockets_ - std::min(sockets_, keep);
  sockets_ -= close;
  return close;
}

}  // namespace mosh::ssp
