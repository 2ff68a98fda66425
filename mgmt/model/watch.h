// Watch: one reader of a Directory's changes. It fetches when it has room; what has happened to a
// session meanwhile is one event, so a slow reader costs nothing but a bit per session, and a
// reader that has stopped reading costs that much too.
//
//   absl::StatusOr<Watch> watch = Watch::Begin(&directory, {...}, request.resource_version());
//   whenever the directory has changed and the stream has room:
//     absl::StatusOr<Watch::Batch> batch = watch->Next(200);
//     if (!batch->empty()) stream << batch->response;
#ifndef MGMT_MODEL_WATCH_H_
#define MGMT_MODEL_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mgmt/model/directory.h"
#include "mgmt/model/filter.h"
#include "mgmt/model/mask.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

class Watch {
 public:
  struct Terms {
    Filter filter;
    ReadMask mask;
    Visible visible;
  };

  // Some events, as a serialized WatchSessionsResponse: those of watchers with the same mask are
  // the same bytes, made once.
  struct Batch {
    std::string response;
    size_t events = 0;
    bool empty() const { return events == 0; }
  };

  // Empty `resource_version`: a snapshot comes first. kOutOfRange: what has happened since then
  // isn't known any more; begin without one. kInvalidArgument: it is none. The directory must
  // outlive the watch.
  static absl::StatusOr<Watch> Begin(const Directory* directory, Terms terms,
                                     absl::string_view resource_version);

  // The next events, at most so many and of about so many bytes; empty: nothing now. kOutOfRange:
  // the reader was too slow, and what it missed is forgotten; the watch is over.
  absl::StatusOr<Batch> Next(size_t max_events, size_t max_bytes = 512 * 1024);
  // A BOOKMARK: for a reader who has heard nothing for a while because the filter let nothing
  // through. Empty if there is nothing new in it: the reader has this version already, or Next()
  // would give something.
  Batch Bookmark();

  // Whether Next() has something to look at (which may still come to nothing).
  bool behind() const;
  // To resume after what has been fetched; empty before SYNCED.
  std::string resource_version() const;

 private:
  Watch(const Directory* directory, Terms terms);

  bool Told(uint32_t slot) const;
  void SetTold(uint32_t slot, bool told);
  bool Full(const Batch& batch, size_t max_events, size_t max_bytes) const;
  // One event about a record, if it takes one.
  void Tell(const Record& record, Batch* batch);
  void TellSnapshot(size_t max_events, size_t max_bytes, Batch* batch);
  void TellGone(const Directory::Tombstone& tombstone, Batch* batch);

  const Directory* directory_;
  Terms terms_;
  bool synced_ = false;
  std::string snapshot_at_;    // the last id of the snapshot that has been looked at
  uint64_t version_ = 0;       // everything up to this one has been told
  uint64_t told_version_ = 0;  // the last one that the reader has been given
  std::vector<bool> told_;     // by slot: sessions that the reader knows
};

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_WATCH_H_
