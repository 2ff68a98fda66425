// UserStream: what the user typed and how the user's window was resized, in order; the state that
// the client synchronises to the server. Source: docs/spec/transport.md §9.2, §12.1.
//
// A value. Copies share storage and cost O(1), whatever the length; pushing to one never changes
// another. Every event (one byte, or one resize) has a position, counted from the beginning of the
// session; Subtract() forgets events without renumbering the others, so streams of different age
// can be compared. One thread: copies share storage without locks.
#ifndef SYNC_USER_STREAM_H_
#define SYNC_USER_STREAM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "term/size.h"

namespace mosh::sync {

// A run of typed bytes (never empty), or the new size of the user's window.
using UserEvent = std::variant<std::string, term::Size>;

class UserStream {
 public:
  UserStream() = default;

  void PushBytes(absl::string_view bytes);
  // Clamped to what a term::Screen can be.
  void PushResize(term::Size size);

  // Holds no event: none was pushed, or all were subtracted.
  bool empty() const { return begin_ == end_; }
  // Events held: bytes and resizes.
  uint64_t size() const { return end_ - begin_; }
  // Events since the beginning of the session, including those that were subtracted.
  uint64_t end_position() const { return end_; }

  // The events after those of `base`, adjacent runs of bytes merged. `base` must be an earlier
  // state of this stream, no older than what was subtracted from it.
  std::vector<UserEvent> EventsSince(const UserStream& base) const;

  // Serialised UserMessage that turns `base` (see EventsSince) into this; empty if they are equal.
  std::string DiffFrom(const UserStream& base) const;
  // Appends the events of a peer's DiffFrom. kInvalidArgument, and nothing changed, if it is not a
  // UserMessage or a resize in it is outside 1x1 to kMaxColumns x kMaxRows. Elements of unknown
  // kinds are skipped.
  absl::Status Apply(absl::string_view diff);
  // Forgets the events that `prefix`, an earlier state of this stream, holds too.
  void Subtract(const UserStream& prefix);

  // The same events up to now, as far as both remember them.
  friend bool operator==(const UserStream& a, const UserStream& b);

 private:
  struct Chunk;

  // Whether events may be added after last_ without disturbing another stream.
  bool AtTail() const;
  void AppendChunk(std::shared_ptr<Chunk> chunk);
  // Copies what this stream holds into chunks of its own.
  void Fork();
  // Appends the events from `position` on to `events`.
  void Collect(uint64_t position, std::vector<UserEvent>* events) const;

  // A chain of chunks from the one with begin_ to the one that ends at or after end_.
  std::shared_ptr<Chunk> first_;
  std::shared_ptr<Chunk> last_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

}  // namespace mosh::sync

#endif  // SYNC_USER_STREAM_H_
