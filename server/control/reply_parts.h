// Fits what a Host says into packets of bounded size.
#ifndef SERVER_CONTROL_REPLY_PARTS_H_
#define SERVER_CONTROL_REPLY_PARTS_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/control/control.pb.h"

namespace mosh::server {

// Replies are no longer than this, however much there is to say; readers should still take the 64
// KiB that a packet may have.
inline constexpr size_t kMaxReplySize = 32 * 1024;

// Tag and length of an element of Reply's repeated fields, at most.
inline constexpr size_t kFieldOverhead = 8;

// The largest cut, at most `size`, that doesn't fall into a UTF-8 character.
size_t CharacterBoundary(absl::string_view text, size_t size);

// Drops what is least missed, until the rest has at most about `max_size` bytes: words of the
// command, clients and watchers from the end on.
void TrimSession(size_t max_size, control::Session* session);

// The snapshot in parts of at most about `max_size` bytes, at least one. The first has all that is
// small; `line`, `row` and `ansi` of the parts follow on each other. A single line or row longer
// than a part is cut short.
std::vector<control::Snapshot> SplitSnapshot(control::Snapshot snapshot, size_t max_size);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_REPLY_PARTS_H_
