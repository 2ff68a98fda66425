// A token bucket: so many a second on average, so many at once. Pure; time is an argument and never
// goes back.
#ifndef SERVER_GATE_TOKEN_BUCKET_H_
#define SERVER_GATE_TOKEN_BUCKET_H_

#include <algorithm>
#include <chrono>

#include "base/instant.h"

namespace mosh::server::gate {

struct Rate {
  double per_second;
  double burst;
};

class TokenBucket {
 public:
  // Full at first.
  explicit TokenBucket(Rate rate) : rate_(rate), tokens_(rate.burst) {}

  // Takes that many, or none. More than the burst can be had from a full bucket, which then owes
  // them.
  bool Take(double tokens, Instant now) {
    const std::chrono::duration<double> passed = now - updated_;
    tokens_ = std::min(rate_.burst, tokens_ + passed.count() * rate_.per_second);
    updated_ = now;
    if (tokens_ < std::min(tokens, rate_.burst)) return false;
    tokens_ -= tokens;
    return true;
  }

 private:
  Rate rate_;
  double tokens_;
  Instant updated_;
};

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_TOKEN_BUCKET_H_
