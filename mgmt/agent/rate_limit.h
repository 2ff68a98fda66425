// How often each caller may do what leaves a trace in the audit log, so that nobody can fill the
// disk with it. A bucket for each, of tokens that come back evenly. Loop thread only; time is an
// argument.
#ifndef MGMT_AGENT_RATE_LIMIT_H_
#define MGMT_AGENT_RATE_LIMIT_H_

#include <chrono>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"

namespace mosh::mgmt {

class RateLimit {
 public:
  RateLimit(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  // Nothing: he may, and has. Else when he may again.
  std::optional<std::chrono::milliseconds> Take(absl::string_view caller, Instant now);

 private:
  struct Bucket {
    double tokens;
    Instant at;
  };

  // Beyond it, full buckets are forgotten; they are what a new caller has.
  static constexpr size_t kManyBuckets = 1'000;

  double TokensAt(const Bucket& bucket, Instant now) const;

  const double per_second_;
  const double burst_;
  absl::flat_hash_map<std::string, Bucket> buckets_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_RATE_LIMIT_H_
