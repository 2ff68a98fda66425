// Etcd: what we ask of an etcd cluster, as an interface: etcd_client.h is the real one,
// testing/fake_etcd.h one in memory. Loop thread only.
//
// Every wait ends by itself after some seconds. Errors: kUnavailable and kDeadlineExceeded when
// there is no answer (whether a Commit was done is then not known); kPermissionDenied and
// kUnauthenticated when etcd wants other credentials; kCancelled upon `stop`; else what etcd says.
#ifndef MGMT_ETCD_ETCD_H_
#define MGMT_ETCD_ETCD_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "io/stop.h"
#include "io/task.h"

namespace mosh::mgmt::etcd {

// The store's clock: every change has one, growing over all keys.
using Revision = int64_t;
using LeaseId = int64_t;

struct KeyValue {
  std::string key;
  std::string value;
  Revision revision = 0;  // when it was last put
};

// Holds if the key is as the one that is set here says.
struct Condition {
  std::string key;
  // Last put then; 0: it is not there.
  std::optional<Revision> revision;
  // It is there, with this value.
  std::optional<std::string> value;
};

struct Change {
  std::string key;
  // Absent: it is deleted.
  std::optional<std::string> value;
  // The key goes when the lease does; 0: it stays. Of one that is put.
  LeaseId lease = 0;
};

// At one moment: all changes if all conditions hold, else none.
struct Transaction {
  std::vector<Condition> conditions;
  std::vector<Change> changes;
};

struct Outcome {
  bool done = false;
  // Of the changes, or of what was seen.
  Revision revision = 0;
  // If not done: the conditions' keys as they are; those that are not there are left out.
  std::vector<KeyValue> seen;
};

// All keys that begin with a prefix, at one revision.
struct Snapshot {
  std::vector<KeyValue> values;  // in the order of keys
  Revision revision = 0;
};

// What happened up to a revision, in order. `value` absent: the key is gone.
struct Changed {
  struct Key {
    std::string key;
    std::optional<std::string> value;
    Revision revision = 0;
  };
  std::vector<Key> keys;
  Revision revision = 0;
};

class Etcd {
 public:
  virtual ~Etcd() = default;

  virtual io::Task<absl::StatusOr<Snapshot>> List(std::string prefix, io::StopToken stop) = 0;
  virtual io::Task<absl::StatusOr<Outcome>> Commit(Transaction transaction, io::StopToken stop) = 0;

  // Etcd may give more time than asked for; at least some seconds it always does.
  virtual io::Task<absl::StatusOr<LeaseId>> Grant(std::chrono::seconds ttl, io::StopToken stop) = 0;
  // Its time begins anew. kNotFound: it is over.
  virtual io::Task<absl::Status> KeepAlive(LeaseId lease, io::StopToken stop) = 0;
  // Its keys go with it. OK too if it was over.
  virtual io::Task<absl::Status> Revoke(LeaseId lease, io::StopToken stop) = 0;

  // Tells what happens to the keys that begin with `prefix`, from revision `from` on, until `stop`
  // or an error. The first call of `on_change` may be empty and says that it has begun; all of
  // one revision come in one call. kOutOfRange: `from` is forgotten; list anew. `on_change` must
  // not wait.
  virtual io::Task<absl::Status> Watch(std::string prefix, Revision from,
                                       std::function<void(const Changed&)> on_change,
                                       io::StopToken stop) = 0;
};

}  // namespace mosh::mgmt::etcd

#endif  // MGMT_ETCD_ETCD_H_
