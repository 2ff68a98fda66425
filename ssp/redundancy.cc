#include "ssp/redundancy.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace mosh::ssp {
namespace {

using std::chrono::milliseconds;

// When each copy of a series is due, by how many there are.
constexpr std::array<std::array<milliseconds, Redundancy::kMostCopies>, Redundancy::kMostCopies>
    kOffsets = {
        {{milliseconds(50)},
         {milliseconds(10), milliseconds(50)},
         {milliseconds(2), milliseconds(10), milliseconds(50)},
         {milliseconds(1), milliseconds(3), milliseconds(8), milliseconds(50)},
         {milliseconds(1), milliseconds(3), milliseconds(8), milliseconds(50), milliseconds(100)},
         {milliseconds(1), milliseconds(3), milliseconds(8), milliseconds(50), milliseconds(100),
          milliseconds(150)}}};

}  // namespace

void Redundancy::OnPath(const Path& path, Instant now) {
  if (!path.measured) return;
  if (now - minimum_since_ >= kMinimumSpan) {
    minimum_before_ = minimum_;
    minimum_ = path.latest_rtt;
    minimum_since_ = now;
  }
  minimum_ = std::min(minimum_, path.latest_rtt);
  const auto least = std::min(minimum_, minimum_before_);
  queue_ = path.latest_rtt > least + least / 2 + std::chrono::milliseconds(20);
}

int Redundancy::CopiesWanted() const {
  int copies = 0;
  for (double none = loss_rate_; none > kResidual && copies < kMostCopies; none *= loss_rate_)
    ++copies;
  return copies;
}

void Redundancy::OnNewState(Instant now, size_t diff_octets) {
  active_ = diff_octets <= kMaxDiff;
  started_ = now;
  copies_ = 0;
}

void Redundancy::Charge(Instant now, size_t octets) {
  const double earned = static_cast<double>((now - budget_at_).count()) * 1e-9 * kOctetsPerSecond;
  budget_ = std::min(kOctetsPerSecond, budget_ + earned);
  budget_ -= static_cast<double>(std::max(octets, kLeastCost));
  budget_at_ = now;
}

Instant Redundancy::CopyDue() const {
  if (!active_ || queue_) return Instant::Max();
  const int wanted = CopiesWanted();
  if (copies_ >= wanted) return Instant::Max();
  return std::max(started_ + kOffsets[wanted - 1][copies_], AffordableAt());
}

Instant Redundancy::AffordableAt() const {
  const double missing = kLeastCost - budget_;
  if (missing <= 0) return budget_at_;
  return budget_at_ +
         std::chrono::nanoseconds(static_cast<int64_t>(missing / kOctetsPerSecond * 1e9));
}

}  // namespace mosh::ssp
