#include "mgmt/agent/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace mosh::mgmt {

double RateLimit::TokensAt(const Bucket& bucket, Instant now) const {
  const std::chrono::duration<double> passed = now - bucket.at;
  return std::min(burst_, bucket.tokens + passed.count() * per_second_);
}

std::optional<std::chrono::milliseconds> RateLimit::Take(absl::string_view caller, Instant now) {
  if (buckets_.size() >= kManyBuckets && !buckets_.contains(caller)) {
    absl::erase_if(buckets_,
                   [&](const auto& item) { return TokensAt(item.second, now) >= burst_; });
  }
  const auto [found, is_new] = buckets_.try_emplace(std::string(caller), Bucket{burst_, now});
  Bucket& bucket = found->second;
  bucket = {TokensAt(bucket, now), now};
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  return std::chrono::milliseconds(
      static_cast<int64_t>(std::ceil((1 - bucket.tokens) / per_second_ * 1000)));
}

}  // namespace mosh::mgmt
