// How large a datagram may be: by address family, and smaller for a while after the network refused
// one (spec §4.2).
//
// Stock stays small for the rest of the process. Here the full size is tried again after a minute,
// and after twice the time each time it fails again: each try can cost one instruction that must be
// repeated.
#ifndef SSP_PAYLOAD_LIMIT_H_
#define SSP_PAYLOAD_LIMIT_H_

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/instant.h"
#include "ssp/types.h"

namespace mosh::ssp {

class PayloadLimit {
 public:
  static constexpr size_t kIpv4 = 1252, kIpv6 = 1216, kFallback = 500;  // octets of UDP payload
  static constexpr std::chrono::seconds kFirstPatience{60}, kMaxPatience{3600};

  explicit PayloadLimit(AddressFamily family) : family_(family) {}

  size_t At(Instant now) const {
    if (now < small_until_) return kFallback;
    return family_ == AddressFamily::kIpv4 ? kIpv4 : kIpv6;
  }
  void OnTooBig(Instant now) {
    if (now < small_until_) return;  // more fragments of the same attempt
    small_until_ = now + patience_;
    patience_ = std::min<std::chrono::seconds>(2 * patience_, kMaxPatience);
  }
  // Another kind of socket is another path: nothing is known about it.
  void SetFamily(AddressFamily family) {
    if (family == family_) return;
    *this = PayloadLimit(family);
  }

 private:
  AddressFamily family_;
  Instant small_until_;
  std::chrono::seconds patience_ = kFirstPatience;
};

}  // namespace mosh::ssp

#endif  // SSP_PAYLOAD_LIMIT_H_
