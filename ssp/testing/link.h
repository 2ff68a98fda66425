// One direction of a simulated network between two transports: latency, jitter, loss, reorder,
// duplication, damage, a size limit. For tests; seeded, so that a run can be repeated. Time is
// whatever the caller passes.
#ifndef SSP_TESTING_LINK_H_
#define SSP_TESTING_LINK_H_

#include <chrono>
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
};

class Link {
 public:
  using Datagram = std::vector<uint8_t>;

  Link(LinkConditions conditions, uint64_t seed) : conditions_(conditions), random_(seed) {}

  LinkConditions& conditions() { return conditions_; }

  void Push(std::span<const uint8_t> bytes, Instant now) {
    ++sent_;
    if (conditions_.down || bytes.size() > conditions_.mtu || Chance(conditions_.loss)) {
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

 private:
  bool Chance(double probability) {
    return probability > 0 && static_cast<double>(random_.Next() >> 11) * 0x1p-53 < probability;
  }
  void Schedule(Datagram datagram, Instant now) {
    Instant arrival = now + conditions_.latency;
    if (conditions_.jitter.count() > 0) {
      arrival += std::chrono::nanoseconds(
          random_.Below(static_cast<uint64_t>(conditions_.jitter.count())));
    }
    if (Chance(conditions_.reorder)) arrival += conditions_.latency;
    queue_.emplace(arrival, std::move(datagram));
  }

  LinkConditions conditions_;
  crypto::SeededRandom random_;
  std::multimap<Instant, Datagram> queue_;  // equal times keep their order
  uint64_t sent_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace mosh::ssp

#endif  // SSP_TESTING_LINK_H_
