// SimLink: one direction of a simulated path. Sans-IO: the network pushes datagrams in and pops
// them when they are due.
#ifndef IO_SIM_SIM_LINK_H_
#define IO_SIM_SIM_LINK_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "base/instant.h"
#include "io/udp_socket.h"

namespace mosh::io::sim {

class SimLink {
 public:
  virtual ~SimLink() = default;

  virtual void Push(std::span<const uint8_t> datagram, Instant now) = 0;
  // Max() when nothing is under way.
  virtual Instant NextDeadline() const = 0;
  // The next datagram that is due, unchanged or not; to be called until it gives nothing.
  virtual std::optional<std::vector<uint8_t>> Pop(Instant now) = 0;
  // The mark with which the datagram just popped arrives, given the one it was sent with.
  virtual EcnMark MarkOfLast(EcnMark sent) const { return sent; }
};

// Makes the link of one flow (one pair of addresses) in one direction. `seed` is drawn from the
// world's.
using SimLinkFactory = std::function<std::unique_ptr<SimLink>(uint64_t seed)>;

// Delivers everything, in order, after a fixed delay.
SimLinkFactory PerfectLink(std::chrono::nanoseconds delay);

struct LossyLinkOptions {
  std::chrono::nanoseconds delay{0};
  // Uniform in [0, jitter], drawn per datagram: so datagrams overtake each other.
  std::chrono::nanoseconds jitter{0};
  double loss = 0;         // probability
  double duplication = 0;  // probability
};
SimLinkFactory LossyLink(const LossyLinkOptions& options);

}  // namespace mosh::io::sim

#endif  // IO_SIM_SIM_LINK_H_
