// Whether a sleep should let datagrams gather, as a network card's interrupt coalescing does
// (ethtool -C rx-usecs). Internal to io/.
//
// A wake-up costs more than the datagram it is for. When datagrams come so fast that the loop would
// do nothing but wake up, it sleeps through a short delay and takes what has come by then at once:
// a flood then leaves the processor to the programs whose users are waiting. Pure.
#ifndef IO_RECEIVE_COALESCING_H_
#define IO_RECEIVE_COALESCING_H_

#include <chrono>
#include <cstdint>

#include "base/instant.h"

namespace mosh::io {

class ReceiveCoalescing {
 public:
  // Shorter than what anyone feels, and at a million datagrams a second still fewer of them than a
  // socket's queue has room for.
  static constexpr std::chrono::microseconds kDelay{100};
  // A rate is measured over so long, and coalesced from so many in it (10,000 a second). Long enough
  // that heartbeats of thousands of idle sessions, which come in clumps, aren't taken for a flood:
  // the sleeps after a clump would end for nothing.
  static constexpr std::chrono::milliseconds kWindow{20};
  static constexpr uint32_t kMany = 200;

  explicit ReceiveCoalescing(Instant now) : window_began_(now) {}

  void OnDatagrams(uint32_t count) { count_ += count; }

  // How long a sleep that begins now should go on although datagrams come. Zero: not at all.
  std::chrono::nanoseconds Delay(Instant now) {
    const std::chrono::nanoseconds passed = now - window_began_;
    if (passed >= kWindow) {
      // A window may have ended long ago: the rate counts, not the number.
      many_ = count_ * (kWindow / std::chrono::nanoseconds(1)) >= kMany * passed.count();
      count_ = 0;
      window_began_ = now;
    }
    return many_ ? std::chrono::nanoseconds(kDelay) : std::chrono::nanoseconds(0);
  }

 private:
  Instant window_began_;
  int64_t count_ = 0;
  bool many_ = false;
};

}  // namespace mosh::io

#endif  // IO_RECEIVE_COALESCING_H_
