// What is known about each state sent and not yet superseded by an acknowledgement: which of them
// the peer probably has, and when something must be sent again. Source: docs/spec/transport.md
// §11.2, §11.4, §11.5.
//
// Entry 0 is the newest state known to be received, the last entry the one sent most recently. The
// states themselves live in Sender; both lists go in step. Entries with the same `version` have the
// same content: an acknowledgement takes a number of its own without changing anything, and losing
// it must not make data be sent again.
//
// Stock assumes everything sent within RTO + 100 ms to be received, up to the first entry that is
// older. Here an entry is believed received while it is young *and* the state it was built on is
// believed received, so an old acknowledgement in between blocks nothing. Pure; at most kMaxEntries
// + 1 entries.
#ifndef SSP_SENT_LOG_H_
#define SSP_SENT_LOG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/instant.h"
#include "ssp/types.h"

namespace mosh::ssp {

// How long to wait for acknowledgements. `overdue` is when one certainly should have come: after
// RTO + the 100 ms an acknowledgement may be delayed. `early` is when to send what has been on its
// way only once; less than `overdue` while losses are seen.
struct AckPatience {
  std::chrono::nanoseconds early;
  std::chrono::nanoseconds overdue;
  std::chrono::nanoseconds frame_interval;
};

class SentLog {
 public:
  static constexpr size_t kMaxEntries = 32;
  static constexpr size_t kEvictFromEnd = 16;

  // Entry 0: state 0, sent `now` without being sent.
  explicit SentLog(Instant now);

  struct Entry {
    StateNum num;
    StateNum base;       // of the latest instruction that carried it
    uint64_t version;    // same version: same content
    Instant first_sent;  // when it was first sent
    Instant sent;        // when it was last sent
    Instant chain_sent;  // the oldest `sent` among it and the unconfirmed states it was built on
    bool small = true;   // its latest instruction fitted one datagram or nearly so
    int tries = 1;       // instructions that carried it, copies not counted
  };
  size_t size() const { return entries_.size(); }
  const Entry& at(size_t i) const { return entries_[i]; }
  const Entry& first() const { return entries_.front(); }
  const Entry& last() const { return entries_.back(); }
  bool LastEquals(size_t i) const { return entries_[i].version == last().version; }

  // A new entry, built on entry `base`. `same_as`: an entry with the same content, if known.
  void Append(StateNum num, size_t base, std::optional<size_t> same_as, Instant now);
  // The last entry was sent again, built on entry `base`. A copy sent before anything is missed
  // doesn't count as another try.
  void OnLastSentAgain(size_t base, bool copy, Instant now);
  void SetLastSmall(bool small) { entries_.back().small = small; }
  // The last entry turned out to have the content of entry `i`.
  void MarkLastSameAs(size_t i) { entries_.back().version = entries_[i].version; }
  // The last entry's datagrams never left: it is due again at once.
  void MarkLastLost();
  // After Append: the entry to evict because there are too many; nullopt if not. Evict() it here
  // and its state there.
  std::optional<size_t> Excess() const;
  void Evict(size_t i) { entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(i)); }

  // The peer has state `num`. Returns how many entries were dropped from the front; 0 also if the
  // number is unknown (evicted, never sent).
  size_t OnAck(StateNum num);

  // The newest entry believed received.
  size_t Assumed(Instant now, std::chrono::nanoseconds patience) const;
  // Newest but never state 2^64-1, which must not be built on while it may not have arrived.
  size_t AssumedForShutdown(Instant now, std::chrono::nanoseconds patience) const;

  // When the last state's content should be sent again if nothing is acknowledged before; Max() if
  // it is acknowledged.
  Instant RetransmitDue(const AckPatience& patience) const;
  // Whether some content has waited so long for its acknowledgement that it must be taken for lost,
  // whatever was sent since.
  bool Overdue(Instant now, const AckPatience& patience) const;

 private:
  Instant OldestUnacknowledged() const;
  int TriesUnderWay() const;
  void RecomputeChains();

  std::vector<Entry> entries_;
  uint64_t next_version_ = 1;
};

}  // namespace mosh::ssp

#endif  // SSP_SENT_LOG_H_
