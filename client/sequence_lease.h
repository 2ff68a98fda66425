// How far a client may count its datagrams: within its key's route tag, and, once another process
// could continue the session, within what has been set aside for this one (client/resume_keeper.h).
// Pure but for the keeper, which it calls about once in half a million datagrams.
#ifndef CLIENT_SEQUENCE_LEASE_H_
#define CLIENT_SEQUENCE_LEASE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "client/resume_keeper.h"
#include "crypto/nonce.h"
#include "crypto/route_tag.h"

namespace mosh::client {

class SequenceLease {
 public:
  // Renewed when half of it is used. One turn of the loop uses far less than that.
  static constexpr uint64_t kLength = uint64_t{1} << 20;

  // `keeper` may be null: then nobody will continue the session. It outlives the lease.
  SequenceLease(crypto::RouteTag tag, const ClientProcess& process, ResumeKeeper* keeper);

  // Where this process begins.
  crypto::SequenceNumber first() const { return first_; }

  enum class Server : uint8_t {
    kUnknown,  // not heard yet
    kResumes,  // announced ssp::Capability::kResume
    kDoesNot,  // did not: stock
  };
  // The last number that may be used, when `next` is the next one. To be asked before each turn's
  // sending.
  crypto::SequenceNumber LastAllowed(crypto::SequenceNumber next, Server server);
  // Why the latest attempt to set numbers aside failed, or OK.
  const absl::Status& trouble() const { return trouble_; }

 private:
  void GiveUpResuming();

  crypto::RouteTag tag_;
  ResumeKeeper* keeper_;  // null: nobody can continue the session
  bool leased_;           // somebody could already
  crypto::SequenceNumber first_;
  crypto::SequenceNumber last_;
  crypto::SequenceNumber renew_at_;
  absl::Status trouble_;
};

}  // namespace mosh::client

#endif  // CLIENT_SEQUENCE_LEASE_H_
