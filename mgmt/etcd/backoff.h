// Backoff: how long to wait before the next attempt. Twice as long each time, within bounds, and
// less by a random part, so that those who lost the same server don't come back together. Pure.
#ifndef MGMT_ETCD_BACKOFF_H_
#define MGMT_ETCD_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace mosh::mgmt::etcd {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{200};
  static constexpr std::chrono::milliseconds kLast{5'000};

  explicit Backoff(int64_t seed) : random_(static_cast<uint32_t>(seed ^ (seed >> 32)) | 1) {}

  // From half of it to all of it.
  std::chrono::nanoseconds Next() {
    const std::chrono::nanoseconds full = next_;
    next_ = std::min<std::chrono::nanoseconds>(2 * next_, kLast);
    return std::chrono::nanoseconds(
        std::uniform_int_distribution<int64_t>(full.count() / 2, full.count())(random_));
  }
  // It worked.
  void Reset() { next_ = kFirst; }

 private:
  std::minstd_rand random_;
  std::chrono::nanoseconds next_ = kFirst;
};

}  // namespace mosh::mgmt::etcd

#endif  // MGMT_ETCD_BACKOFF_H_
