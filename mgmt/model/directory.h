// Directory: all sessions that are known, and what has happened to them lately. Links (mgmt/link)
// put in what Hosts tell, or a replica of the whole fleet (mgmt/fleet) what nodes tell; the service
// lists, and watches by cursors (model/watch.h). Pure: no I/O, times are arguments. One thread, the
// loop's.
//
// Every change of a session gets the next number of one count, its version. Sessions are ordered by
// their last change, and of each that has ended a tombstone is kept for a while: what has happened
// since a version is the end of both, however often anything happened in between, and a watcher is
// little more than the version it has got to.
#ifndef MGMT_MODEL_DIRECTORY_H_
#define MGMT_MODEL_DIRECTORY_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mgmt/model/convert.h"
#include "mgmt/model/filter.h"
#include "mgmt/model/mask.h"
#include "mgmt/model/order.h"
#include "mosh/fleet/v1/session.pb.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

using SessionPtr = std::shared_ptr<const fleet::Session>;

// Whether somebody may see the sessions of a user. Null: all.
using Visible = std::function<bool(const Owner&)>;

// What is known of a session. Stays where it is as long as the session lives.
struct Record {
  SessionPtr session;  // never changed, only replaced
  std::string source;  // who told of it: the path of the Host's socket, or "nodes/NODE"
  Owner owner;
  uint64_t version = 0;       // of its last change
  uint64_t etag_version = 0;  // of the last one that changed the etag
  uint64_t created = 0;       // of its first
  uint32_t slot = 0;          // small, unique among the living and the tombstones

  // `session` as `mask` lets it through, serialized: made once for all who watch by the same mask.
  std::shared_ptr<const std::string> Encoded(const ReadMask& mask) const;

 private:
  friend class Directory;
  struct Encoding {
    std::string mask;
    std::shared_ptr<const std::string> bytes;
  };
  mutable std::vector<Encoding> encodings_;
};

class Directory {
 public:
  struct Options {
    std::string node;      // the last segment of its name
    std::string instance;  // letters and digits; another one in each run of the agent
    size_t max_tombstones = 100'000;
    size_t max_sessions = 100'000;
  };
  explicit Directory(Options options);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // ---- What Hosts tell. `host` is the path of its socket.

  // A session is new, or something about it is, or it has been asked for. kInvalidArgument: that is
  // no id. kAlreadyExists: another Host has that id already, whose it stays. kResourceExhausted.
  absl::Status Put(absl::string_view host, const Owner& owner, const control::Session& told,
                   absl::Time now);
  // It has ended.
  void Remove(absl::string_view host, absl::string_view session_id);
  // Removes all of the Host's that are not in `ids`: what it has told is everything.
  void RemoveOthers(absl::string_view host, const std::vector<std::string>& ids);
  void RemoveHost(absl::string_view host) { RemoveOthers(host, {}); }

  // ---- What nodes tell, where this is a replica of several nodes'. `node` is "nodes/NODE".

  // Whether it is new. kInvalidArgument: its name is none of a session of the node's.
  // kResourceExhausted.
  absl::StatusOr<bool> PutOf(absl::string_view node, fleet::Session session);
  // By its whole name. Whether it was there.
  bool RemoveOf(absl::string_view node, absl::string_view name);
  // Removes all of the node's that are not in `names`. How many those were.
  size_t RemoveOthersOf(absl::string_view node, const absl::flat_hash_set<std::string>& names);

  // It has been told to end.
  void MarkEnding(absl::string_view session_id, absl::Time now);

  // ---- What is known.

  // A session of node_name()'s by the last segment of its name, or null.
  const Record* Find(absl::string_view session_id) const;
  // By its whole name.
  const Record* FindNamed(absl::string_view name) const;

  struct Query {
    Filter filter;
    Order order;
    Visible visible;
    std::string prefix;     // of names; empty: of all nodes
    std::string after_key;  // from a page token
    int page_size = 1'000;
  };
  struct Page {
    std::vector<SessionPtr> sessions;  // with usage if filter, order or `with_usage` look at it
    std::string next_key;              // for a page token; empty: there is no more
    int total = 0;                     // on all pages
  };
  Page List(const Query& query, bool with_usage = false) const;

  // By name; for counting.
  const std::map<std::string, Record*, std::less<>>& records() const { return by_name_; }
  size_t size() const { return by_name_.size(); }

  // Everything that List would let through, without order.
  void ForEach(const Filter& filter, const Visible& visible,
               const std::function<void(const Record&)>& visit,
               absl::string_view prefix = "") const;

  const std::string& node_name() const { return node_name_; }  // "nodes/NODE"
  std::string SessionName(absl::string_view session_id) const;
  // What the names of the node's sessions begin with, and no others'.
  static std::string PrefixOf(absl::string_view node) { return absl::StrCat(node, "/sessions/"); }

  // Sets `usage`; for who asks for it.
  void SetUsageSource(std::function<void(fleet::Session*)> add_usage) {
    add_usage_ = std::move(add_usage);
  }
  // Called after changes, inside the calls above, when watchers have something to fetch. Must not
  // call back. `who` is a name for it; null takes it back.
  void SetOnChange(std::function<void()> on_change, const void* who = nullptr);

  // ---- For model/watch.h.

  struct Tombstone {
    std::string name;
    Owner owner;
    uint64_t created = 0;
    uint64_t version = 0;  // at which it ended
    uint32_t slot = 0;
  };

  uint64_t version() const { return version_; }
  const std::string& instance() const { return options_.instance; }
  // What happened at or before this version to sessions that have ended since is forgotten.
  uint64_t forgotten() const { return forgotten_; }
  const std::deque<Tombstone>& tombstones() const { return tombstones_; }  // ascending by version
  // By the version of its last change.
  const std::map<uint64_t, Record*>& by_change() const { return by_change_; }
  size_t slots() const { return slot_count_; }
  fleet::Session WithUsage(const fleet::Session& session) const;

 private:
  using ByName = std::map<std::string, Record*, std::less<>>;

  absl::Status TooMany() const;
  // Null: there is no room.
  Record* Add(absl::string_view name, absl::string_view source, Owner owner);
  void Changed(Record* record, SessionPtr session);
  void Bury(Record* record);
  void ForgetTombstones();

  const Options options_;
  const std::string node_name_;
  uint64_t version_ = 0;
  uint64_t forgotten_ = 0;
  ByName by_name_;
  absl::flat_hash_map<std::string, std::unique_ptr<Record>> records_;
  std::map<uint64_t, Record*> by_change_;
  std::deque<Tombstone> tombstones_;
  std::vector<uint32_t> free_slots_;
  uint32_t slot_count_ = 0;
  std::function<void(fleet::Session*)> add_usage_;
  std::map<const void*, std::function<void()>> on_change_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_DIRECTORY_H_
