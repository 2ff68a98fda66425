// FakeStore and FakeEtcd: an etcd cluster in memory on a loop's clock, and clients of it, each of
// which can be cut off.
//
//   FakeStore store(&reactor);
//   FakeEtcd a(&store), b(&store);
//   world.Start(store.Run(world.stop()));       // lets leases end
//   a.SetReachable(false);
#ifndef MGMT_ETCD_TESTING_FAKE_ETCD_H_
#define MGMT_ETCD_TESTING_FAKE_ETCD_H_

#include <map>
#include <string>
#include <vector>

#include "io/event.h"
#include "io/reactor.h"
#include "mgmt/etcd/etcd.h"

namespace mosh::mgmt::etcd {

class FakeStore {
 public:
  explicit FakeStore(io::Reactor* reactor) : reactor_(reactor) {}

  // Ends leases when their time is over. Until `stop`.
  io::Task<void> Run(io::StopToken stop);

  // Down: nobody reaches it, and leases don't end. Up again: all leases begin anew, as etcd's do
  // with a new leader.
  void SetDown(bool down);
  // Forgets what happened before the newest revision.
  void Compact() { compacted_ = revision_; }
  // Everything is lost, the revision too.
  void Wipe();
  // As if by somebody else.
  void Put(const std::string& key, const std::string& value);
  void Delete(const std::string& key);

  struct Entry {
    std::string value;
    Revision revision = 0;
    LeaseId lease = 0;
  };
  const std::map<std::string, Entry>& entries() const { return entries_; }
  size_t leases() const { return leases_.size(); }
  int commits() const { return commits_; }
  int lists() const { return lists_; }

 private:
  friend class FakeEtcd;
  struct Lease {
    std::chrono::seconds ttl;
    Instant end;
  };

  void Apply(const std::vector<Change>& changes);
  void End(LeaseId lease);

  io::Reactor* const reactor_;
  bool down_ = false;
  Revision revision_ = 1;
  Revision compacted_ = 0;
  std::map<std::string, Entry> entries_;
  std::vector<Changed> history_;
  std::map<LeaseId, Lease> leases_;
  LeaseId next_lease_ = 100;
  io::Event changed_;   // watches have something to look at
  io::Event schedule_;  // Run has
  int commits_ = 0;
  int lists_ = 0;
};

class FakeEtcd final : public Etcd {
 public:
  explicit FakeEtcd(FakeStore* store) : store_(store) {}

  void SetReachable(bool reachable);
  // Its member of the cluster is gone; the next one is there.
  void BreakWatches();
  // The next Commit is done, but its caller doesn't learn of it.
  void LoseNextAnswer() { lose_answer_ = true; }

  io::Task<absl::StatusOr<Snapshot>> List(std::string prefix, io::StopToken stop) override;
  io::Task<absl::StatusOr<Outcome>> Commit(Transaction transaction, io::StopToken stop) override;
  io::Task<absl::StatusOr<LeaseId>> Grant(std::chrono::seconds ttl, io::StopToken stop) override;
  io::Task<absl::Status> KeepAlive(LeaseId lease, io::StopToken stop) override;
  io::Task<absl::Status> Revoke(LeaseId lease, io::StopToken stop) override;
  io::Task<absl::Status> Watch(std::string prefix, Revision from,
                               std::function<void(const Changed&)> on_change,
                               io::StopToken stop) override;

 private:
  // A way there and back.
  io::Task<absl::Status> Reach(io::StopToken stop);
  bool cut_off() const { return !reachable_ || store_->down_; }

  FakeStore* const store_;
  bool reachable_ = true;
  int breaks_ = 0;
  bool lose_answer_ = false;
};

}  // namespace mosh::mgmt::etcd

#endif  // MGMT_ETCD_TESTING_FAKE_ETCD_H_
