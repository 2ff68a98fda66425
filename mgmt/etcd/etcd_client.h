// EtcdClient: an etcd cluster by gRPC. Asks one member; when that doesn't answer, the next. What
// changes something (Commit) is asked once, since it may have been done unseen.
#ifndef MGMT_ETCD_ETCD_CLIENT_H_
#define MGMT_ETCD_ETCD_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "io/reactor.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/etcd/etcd.h"

namespace mosh::mgmt::etcd {

// Files in PEM, read anew within seconds after they have changed.
struct TlsFiles {
  std::string authorities;  // of etcd's certificates; empty: no TLS
  std::string certificate;  // what etcd is shown, with its key; empty: nothing
  std::string key;
};

class EtcdClient final : public Etcd {
 public:
  // `endpoints`: "HOST:PORT", at least one. Connects when it is first used. Both others outlive it;
  // `mailbox` runs as long as any call.
  EtcdClient(io::Reactor* reactor, Mailbox* mailbox, const std::vector<std::string>& endpoints,
             const TlsFiles& tls);
  ~EtcdClient() override;

  io::Task<absl::StatusOr<Snapshot>> List(std::string prefix, io::StopToken stop) override;
  io::Task<absl::StatusOr<Outcome>> Commit(Transaction transaction, io::StopToken stop) override;
  io::Task<absl::StatusOr<LeaseId>> Grant(std::chrono::seconds ttl, io::StopToken stop) override;
  io::Task<absl::Status> KeepAlive(LeaseId lease, io::StopToken stop) override;
  io::Task<absl::Status> Revoke(LeaseId lease, io::StopToken stop) override;
  io::Task<absl::Status> Watch(std::string prefix, Revision from,
                               std::function<void(const Changed&)> on_change,
                               io::StopToken stop) override;

 private:
  struct Member;

  // One that may answer: the last that did, unless its connection has failed.
  Member* Choose();
  io::Task<absl::Status> KeepAliveAt(Member* member, LeaseId lease, io::StopToken stop);
  // Of a call that has ended; after one without an answer another member is asked.
  absl::Status Judge(const Member* member, absl::Status status);
  // `start` begins the call: (Member*, grpc::ClientContext*, grpc's callback).
  template <class Start>
  io::Task<absl::Status> Ask(Member* member, Start start, io::StopToken stop);
  // Asks one after another until one answers.
  template <class Start>
  io::Task<absl::Status> AskAny(Start start, io::StopToken stop);

  io::Reactor* const reactor_;
  Mailbox* const mailbox_;
  std::vector<std::unique_ptr<Member>> members_;
  size_t current_ = 0;
};

}  // namespace mosh::mgmt::etcd

#endif  // MGMT_ETCD_ETCD_CLIENT_H_
