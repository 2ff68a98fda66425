// Watch: one reader of a Directory's changes. It fetches when it has room; whatever has happened to
// a session meanwhile is one event. So a reader who is slow, or has stopped, costs a bit for each
// session and nothing more.
//
//   absl::StatusOr<Watch> watch = Watch::Begin(&directory, {...}, request.resource_version());
//   whenever the directory has changed and the stream has room:
//     absl::StatusOr<Watch::Batch> batch = watch->Next(200);
//     if (!batch->empty()) stream << batch->response;
//
// What a reader gets: each session that it may see and the filter lets through as ADDED, in the
// order of their names; SYNCED; then in the order of their last changes ADDED, MODIFIED and
// DELETED, each right by what it has been told before. Only of one that resumes it isn't known
// exactly what it had been told: it may get MODIFIED for a session that is new to it, and DELETED
// for one it never knew.
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
    std::string prefix;  // of names; empty: of all nodes
  };

  // Some events, as a serialized WatchSessionsResponse.
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

  // The next events, at most so many and not many more bytes; empty: nothing now. kOutOfRange: the
  // reader was so slow that what it missed is forgotten; the watch is over.
  absl::StatusOr<Batch> Next(size_t max_events, size_t max_bytes = 512 * 1024);
  // A BOOKMARK, for a reader who has been told nothing for a while. Empty if it would be nothing
  // new: it has this version already, or Next() has not looked at everything yet.
  Batch Bookmark();

  // Whether Next() has something to look at, which may come to nothing.
  bool behind() const { return !synced_ || version_ < directory_->version(); }
  // To resume after what has been fetched; empty before SYNCED.
  std::string resource_version() const { return synced_ ? ResourceVersion(version_) : ""; }

 private:
  Watch(const Directory* directory, Terms terms)
      : directory_(directory), terms_(std::move(terms)) {}

  bool Told(uint32_t slot) const { return slot < told_.size() && told_[slot]; }
  void SetTold(uint32_t slot, bool told);
  std::string ResourceVersion(uint64_t version) const;
  // Whether the reader may know of a session at all, whatever the filter says.
  bool Concerns(absl::string_view name, const Owner& owner) const;
  bool LetsThrough(const Record& record) const;
  void Append(fleet::SessionEvent::Type type, absl::string_view session,
              const std::string& resource_version, Batch* batch);
  void AppendDeleted(const std::string& name, uint64_t version, Batch* batch);
  // One event about a record, if it takes one.
  void Tell(const Record& record, uint64_t version, Batch* batch);
  void TellGone(const Directory::Tombstone& tombstone, Batch* batch);

  const Directory* directory_;
  Terms terms_;
  bool synced_ = false;
  std::string snapshot_at_;    // the last name of the snapshot that has been looked at
  uint64_t version_ = 0;       // everything up to this one has been looked at
  uint64_t told_version_ = 0;  // the last one that the reader has been given
  std::vector<bool> told_;     // by slot: the sessions that the reader knows
};

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_WATCH_H_
