#include "ssp/sent_log.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace mosh::ssp {
namespace {

// "Sent" so long ago that nobody believes it arrived.
constexpr Instant kLost = Instant::FromNanos(std::numeric_limits<int64_t>::min() / 2);

}  // namespace

SentLog::SentLog(Instant now) {
  entries_.reserve(kMaxEntries + 1);
  entries_.push_back(
      {.num = {0}, .base = {0}, .version = 0, .first_sent = now, .sent = now, .chain_sent = now});
}

void SentLog::Append(StateNum num, size_t base, std::optional<size_t> same_as, Instant now) {
  CHECK(num > last().num);
  const uint64_t version = same_as ? entries_[*same_as].version : next_version_++;
  entries_.push_back({.num = num,
                      .base = entries_[base].num,
                      .version = version,
                      .first_sent = now,
                      .sent = now,
                      .chain_sent = base == 0 ? now : std::min(now, entries_[base].chain_sent)});
}

void SentLog::OnLastSentAgain(size_t base, bool copy, Instant now) {
  Entry& last = entries_.back();
  last.base = entries_[base].num;
  if (!copy) {
    last.sent = now;
    ++last.tries;
  }
  last.chain_sent = base == 0 ? last.sent : std::min(last.sent, entries_[base].chain_sent);
}

void SentLog::MarkLastLost() {
  if (entries_.size() > 1) entries_.back().chain_sent = kLost;
}

std::optional<size_t> SentLog::Excess() const {
  if (entries_.size() <= kMaxEntries) return std::nullopt;
  return entries_.size() - kEvictFromEnd;
}

size_t SentLog::OnAck(StateNum num) {
  const auto acked = std::find_if(entries_.begin(), entries_.end(),
                                  [num](const Entry& entry) { return entry.num == num; });
  if (acked == entries_.end()) return 0;
  const auto dropped = static_cast<size_t>(acked - entries_.begin());
  entries_.erase(entries_.begin(), acked);
  if (dropped > 0) RecomputeChains();
  return dropped;
}

void SentLog::RecomputeChains() {
  for (size_t i = 1; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (entry.chain_sent == kLost) continue;
    if (entry.base <= first().num) {
      entry.chain_sent = entry.sent;
      continue;
    }
    for (size_t j = 1; j < i; ++j) {
      if (entries_[j].num == entry.base) {
        entry.chain_sent = std::min(entry.sent, entries_[j].chain_sent);
      }
    }
    // A base that was evicted can't be confirmed any more: the old value stands.
  }
}

size_t SentLog::Assumed(Instant now, std::chrono::nanoseconds patience) const {
  for (size_t i = entries_.size() - 1; i > 0; --i) {
    if (entries_[i].chain_sent + patience > now) return i;
  }
  return 0;
}

size_t SentLog::AssumedForShutdown(Instant now, std::chrono::nanoseconds patience) const {
  const size_t assumed = Assumed(now, patience);
  return assumed > 0 && entries_[assumed].num == kShutdownNum ? 0 : assumed;
}

Instant SentLog::OldestUnacknowledged() const {
  for (const Entry& entry : entries_) {
    if (entry.version != first().version) return entry.first_sent;
  }
  return Instant::Max();
}

int SentLog::TriesUnderWay() const {
  int tries = 0;
  for (const Entry& entry : entries_) tries += entry.version != first().version ? entry.tries : 0;
  return tries;
}

Instant SentLog::RetransmitDue(const AckPatience& patience) const {
  if (first().version == last().version) return Instant::Max();
  const auto wait = TriesUnderWay() > 1 ? patience.overdue : patience.early;
  Instant carried_until = kLost;  // some entry with the last content may still be believed received
  for (size_t i = 1; i < entries_.size(); ++i) {
    if (LastEquals(i)) {
      carried_until = std::max(carried_until, entries_[i].chain_sent + wait);
    }
  }
  if (!last().small) return carried_until;
  // Once something is certainly missing, small instructions go out at the frame rate until an
  // answer comes: whatever was sent since may be lost just as well.
  const Instant overdue =
      std::max(OldestUnacknowledged() + patience.overdue, last().sent + patience.frame_interval);
  return std::min(carried_until, overdue);
}

bool SentLog::Overdue(Instant now, const AckPatience& patience) const {
  const Instant oldest = OldestUnacknowledged();
  return oldest != Instant::Max() && now >= oldest + patience.overdue;
}

}  // namespace mosh::ssp
