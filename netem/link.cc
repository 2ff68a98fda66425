#include "netem/link.h"

#include <algorithm>
#include <utility>

namespace mosh::netem {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kTapeLength = 64;

// How long the bottleneck is busy with one datagram.
nanoseconds SerialisationTime(size_t payload_bytes, uint64_t rate_bps) {
  const double bits = 8.0 * static_cast<double>(payload_bytes + kHeaderBytes);
  return nanoseconds(static_cast<int64_t>(bits * 1e9 / static_cast<double>(rate_bps)));
}

// How long the other traffic in the bottleneck's queue will take to leave it.
nanoseconds OthersTime(const LinkConditions& conditions, Instant now) {
  const double grown = static_cast<double>(((now - Instant()) % kFillPeriod).count()) /
                       static_cast<double>(nanoseconds(kFillPeriod).count());
  const double bytes =
      conditions.fill * (0.7 + 0.3 * grown) * static_cast<double>(conditions.queue_bytes);
  return nanoseconds(static_cast<int64_t>(bytes * 8e9 / static_cast<double>(conditions.rate_bps)));
}

}  // namespace

uint64_t Random::Next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

bool Random::Chance(double probability) {
  if (probability <= 0) return false;
  if (probability >= 1) return true;
  return Unit() < probability;
}

Link::Link(LinkConditions conditions, uint64_t seed)
    : conditions_(std::move(conditions)), random_(seed) {}

void Link::SetConditions(LinkConditions conditions) {
  conditions_ = std::move(conditions);
  if (conditions_.burst_enter <= 0) in_burst_ = false;
  last_due_ = Instant();
}

bool Link::LeavesLater(const Held& a, const Held& b) {
  return a.due != b.due ? a.due > b.due : a.order > b.order;
}

bool Link::InBlackout(Instant now) const {
  const nanoseconds t = now - Instant();
  return std::any_of(conditions_.blackouts.begin(), conditions_.blackouts.end(),
                     [t](const Blackout& b) {
                       nanoseconds into = t - b.start;
                       if (into < nanoseconds(0)) return false;
                       if (b.period > nanoseconds(0)) into %= b.period;
                       return into < b.length;
                     });
}

bool Link::LosesNext() {
  if (conditions_.burst_enter > 0) {
    const double change = in_burst_ ? conditions_.burst_leave : conditions_.burst_enter;
    if (random_.Chance(change)) in_burst_ = !in_burst_;
  }
  return random_.Chance(in_burst_ ? conditions_.burst_loss : conditions_.loss);
}

void Link::Corrupt(std::vector<uint8_t>& datagram) {
  if (datagram.empty()) return;
  // Distinct flips could cancel each other out, so the first bit is one that no later flip may
  // touch.
  const uint64_t bits = datagram.size() * 8;
  const uint64_t first = random_.Below(bits);
  datagram[first / 8] ^= static_cast<uint8_t>(1u << (first % 8));
  for (uint64_t extra = random_.Below(4); extra > 0; --extra) {
    const uint64_t bit = random_.Below(bits);
    if (bit != first) datagram[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
  }
  ++stats_.corrupted;
}

void Link::Remember(std::span<const uint8_t> datagram, uint64_t tag) {
  if (tape_.size() == kTapeLength) tape_.pop_front();
  tape_.push_back({{datagram.begin(), datagram.end()}, tag});
}

void Link::Push(std::span<const uint8_t> datagram, Instant now, uint64_t tag) {
  ++stats_.pushed;
  stats_.pushed_bytes += datagram.size();
  if (InBlackout(now)) {
    ++stats_.blacked_out;
    return;
  }
  if (random_.Chance(conditions_.replay) && !tape_.empty()) {
    ++stats_.replayed;
    const Delivery& old = tape_[random_.Below(tape_.size())];
    Enter(old.datagram, now, old.tag);
  }
  if (conditions_.replay > 0) Remember(datagram, tag);
  if (LosesNext()) {
    ++stats_.lost;
    return;
  }
  if (conditions_.mtu != 0 && datagram.size() + kHeaderBytes > conditions_.mtu) {
    ++stats_.too_big;
    return;
  }
  std::vector<uint8_t> copy(datagram.begin(), datagram.end());
  if (random_.Chance(conditions_.corrupt)) Corrupt(copy);
  if (random_.Chance(conditions_.duplicate)) {
    ++stats_.duplicated;
    Enter(copy, now, tag);
  }
  Enter(std::move(copy), now, tag);
}

void Link::Enter(std::vector<uint8_t> datagram, Instant now, uint64_t tag) {
  Instant departs = now;
  if (conditions_.rate_bps != 0) {
    const Instant start = std::max(now + OthersTime(conditions_, now), bottleneck_free_);
    const double waiting_bytes = static_cast<double>((start - now).count()) *
                                 static_cast<double>(conditions_.rate_bps) / 8e9;
    if (waiting_bytes > static_cast<double>(conditions_.queue_bytes)) {
      ++stats_.queue_full;
      return;
    }
    departs = start + SerialisationTime(datagram.size(), conditions_.rate_bps);
    bottleneck_free_ = departs;
  }
  if (heap_.size() >= kMaxHeld) {
    ++stats_.queue_full;
    return;
  }

  nanoseconds delay = conditions_.delay;
  if (conditions_.jitter > nanoseconds(0)) {
    const double jitter = static_cast<double>(conditions_.jitter.count());
    delay += nanoseconds(static_cast<int64_t>((2 * random_.Unit() - 1) * jitter));
    delay = std::max(delay, nanoseconds(0));
  }
  Instant due = departs + delay;
  if (random_.Chance(conditions_.reorder)) {
    ++stats_.reordered;
    due += conditions_.reorder_delay;
  } else {
    due = last_due_ = std::max(due, last_due_);
  }
  const bool marked = random_.Chance(conditions_.mark);
  stats_.marked += marked;
  heap_.push_back({due, next_order_++, {std::move(datagram), tag, marked}});
  std::push_heap(heap_.begin(), heap_.end(), LeavesLater);
}

Instant Link::NextDeadline() const { return heap_.empty() ? Instant::Max() : heap_.front().due; }

std::optional<Link::Delivery> Link::PopTagged(Instant now) {
  if (heap_.empty() || heap_.front().due > now) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), LeavesLater);
  Delivery delivery = std::move(heap_.back().delivery);
  heap_.pop_back();
  ++stats_.delivered;
  stats_.delivered_bytes += delivery.datagram.size();
  return delivery;
}

std::optional<std::vector<uint8_t>> Link::Pop(Instant now) {
  std::optional<Delivery> delivery = PopTagged(now);
  if (!delivery) return std::nullopt;
  return std::move(delivery->datagram);
}

}  // namespace mosh::netem
