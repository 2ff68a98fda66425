#include "io/sim/sim_link.h"

#include <utility>

namespace mosh::io::sim {
namespace {

class QueueLink final : public SimLink {
 public:
  QueueLink(const LossyLinkOptions& options, uint64_t seed) : options_(options), random_(seed) {}

  void Push(std::span<const uint8_t> datagram, Instant now) override {
    if (Chance(options_.loss)) return;
    const int copies = Chance(options_.duplication) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      under_way_.emplace(now + options_.delay + Jitter(),
                         std::vector<uint8_t>(datagram.begin(), datagram.end()));
    }
  }

  Instant NextDeadline() const override {
    return under_way_.empty() ? Instant::Max() : under_way_.begin()->first;
  }

  std::optional<std::vector<uint8_t>> Pop(Instant now) override {
    if (NextDeadline() > now || under_way_.empty()) return std::nullopt;
    return std::move(under_way_.extract(under_way_.begin()).mapped());
  }

 private:
  bool Chance(double probability) {
    // Not std::uniform_real_distribution: its sequence is the library's choice.
    return probability > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
  }
  std::chrono::nanoseconds Jitter() {
    const int64_t most = options_.jitter.count();
    return std::chrono::nanoseconds(most > 0 ? static_cast<int64_t>(random_() % (most + 1)) : 0);
  }

  LossyLinkOptions options_;
  std::mt19937_64 random_;
  std::multimap<Instant, std::vector<uint8_t>> under_way_;  // equal times stay in order of arrival
};

}  // namespace

SimLinkFactory LossyLink(const LossyLinkOptions& options) {
  return [options](uint64_t seed) { return std::make_unique<QueueLink>(options, seed); };
}

SimLinkFactory PerfectLink(std::chrono::nanoseconds delay) { return LossyLink({.delay = delay}); }

}  // namespace mosh::io::sim
