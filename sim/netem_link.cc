#include "sim/netem_link.h"

#include <memory>

#include "netem/link.h"

namespace mosh::sim {
namespace {

class Adapter final : public io::sim::SimLink {
 public:
  Adapter(const netem::LinkConditions& conditions, uint64_t seed) : link_(conditions, seed) {}
  void Push(std::span<const uint8_t> datagram, Instant now) override { link_.Push(datagram, now); }
  Instant NextDeadline() const override { return link_.NextDeadline(); }
  std::optional<std::vector<uint8_t>> Pop(Instant now) override { return link_.Pop(now); }

 private:
  netem::Link link_;
};

}  // namespace

io::sim::SimLinkFactory NetemLink(const netem::LinkConditions& conditions) {
  return [conditions](uint64_t seed) { return std::make_unique<Adapter>(conditions, seed); };
}

}  // namespace mosh::sim
