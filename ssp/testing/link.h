// One direction of a simulated network between two transports: latency, jitter, loss, reorder,
// duplication, damage, a size limit. For tests; seeded, so that a run can be repeated. Time is
// whatever the caller passes.
#ifndef SSP_TESTING_LINK_H_
#define SSP_TESTING_LINK_H_

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "crypto/testing/seeded_random.h"

namespace mosh::ssp {

struct LinkConditions {
  std::chrono::nanoseconds latency = std::chrono::milliseconds(50);  // one way
  std::chrono::nanoseconds jitter{0};  // up to so much more, evenly spread; may reorder
  double loss = 0;                     // probabilities, 0..1, each on its own
  double reorder = 0;                  // arrives one latency late
  double duplicate = 0;
  double damage = 0;  // one bit is flipped
  size_t mtu = 2048;  // larger datagrams vanish
  bool down = false;  // everything vanishes

  bool in_order = false;  // jitter delays but doesn't reorder
  // A burst, in which everything vanishes, begins so long after the last one ended, and lasts so
  // long, on the average (exponentially distributed); 0: no bursts.
  std::chrono::nanoseconds burst_gap{0}, burst_length{0};
  // The bottleneck: octets a second, 0 for none, and those that may wait for it.
  double rate = 0;
  size_t queue = size_t{64} << 10;
};

class Link {
 public:
  using Datagram = std::vector<uint8_t>;

  Link(LinkConditions conditions, uint64_t seed) : conditions_(conditions), random_(seed) {}

  LinkConditions& conditions() { return conditions_; }

  void Push(std::span<const uint8_t> bytes, Instant now) {
    ++sent_;
    octets_ += bytes.size();
    if (conditions_.down || InBurst(now) || bytes.size() > conditions_.mtu ||
        Chance(conditions_.loss)) {
      ++lost_;
      return;
    }
    Datagram datagram(bytes.begin(), bytes.end());
    if (Chance(conditions_.duplicate)) Schedule(datagram, now);
    if (Chance(conditions_.damage) && !datagram.empty()) {
      datagram[random_.Below(datagram.size())] ^= static_cast<uint8_t>(1u << random_.Below(8));
    }
    Schedule(std::move(datagram), now);
  }

  Instant NextDeadline() const { return queue_.empty() ? Instant::Max() : queue_.begin()->first; }
  std::optional<Datagram> Pop(Instant now) {
    if (queue_.empty() || queue_.begin()->first > now) return std::nullopt;
    Datagram datagram = std::move(queue_.begin()->second);
    queue_.erase(queue_.begin());
    return datagram;
  }

  uint64_t sent() const { return sent_; }
  uint64_t lost() const { return lost_; }
  uint64_t octets() const { return octets_; }  // of what was sent

 private:
  bool Chance(double probability) {
    return probability > 0 && static_cast<double>(random_.Next() >> 11) * 0x1p-53 < probability;
  }
  bool InBurst(Instant now) {
    if (conditions_.burst_gap.count() == 0) return false;
    while (now >= burst_changes_) {
      in_burst_ = !in_burst_ && burst_changes_ > Instant();
      const auto mean = in_burst_ ? conditions_.burst_length : conditions_.burst_gap;
      const double uniform = static_cast<double>((random_.Next() >> 11) + 1) * 0x1p-53;
      const double span = static_cast<double>(mean.count()) * -std::log(uniform);
      burst_changes_ = (burst_changes_ == Instant() ? now : burst_changes_) +
                       std::chrono::nanoseconds(1 + static_cast<int64_t>(span));
    }
    return in_burst_;
  }
  void Schedule(Datagram datagram, Instant now) {
    if (conditions_.rate > 0) {
      idle_at_ = std::max(idle_at_, now);
      const double waiting =
          static_cast<double>((idle_at_ - now).count()) * 1e-9 * conditions_.rate;
      if (waiting > static_cast<double>(conditions_.queue)) {
        ++lost_;
        return;
      }
      constexpr double kHeaders = 28;  // of IP and UDP
      const double time = (static_cast<double>(datagram.size()) + kHeaders) / conditions_.rate;
      idle_at_ += std::chrono::nanoseconds(static_cast<int64_t>(time * 1e9));
      now = idle_at_;
    }
    Instant arrival = now + conditions_.latency;
    if (conditions_.jitter.count() > 0) {
      arrival += std::chrono::nanoseconds(
          random_.Below(static_cast<uint64_t>(conditions_.jitter.count())));
    }
    if (Chance(conditions_.reorder)) arrival += conditions_.latency;
    if (conditions_.in_order) latest_ = arrival = std::max(arrival, latest_);
    queue_.emplace(arrival, std::move(datagram));
  }

  LinkConditions conditions_;
  crypto::SeededRandom random_;
  std::multimap<Instant, Datagram> queue_;  // equal times keep their order
  uint64_t sent_ = 0;
  uint64_t lost_ = 0;
  uint64_t octets_ = 0;
  Instant latest_;   // arrival
  Instant idle_at_;  // the bottleneck
  bool in_burst_ = false;
  Instant burst_changes_;
};

}  // namespace mosh::ssp

#endif  // SSP_TESTING_LINK_H_
