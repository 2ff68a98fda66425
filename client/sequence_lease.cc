#include "client/sequence_lease.h"

#include <algorithm>

namespace mosh::client {

using crypto::SequenceNumber;

SequenceLease::SequenceLease(crypto::RouteTag tag, const ClientProcess& process,
                             ResumeKeeper* keeper)
    : tag_(tag),
      keeper_(keeper),
      leased_(process.incarnation > 0),
      first_(leased_ ? process.first : tag.FirstSequence()),
      last_(leased_ ? process.last : tag.LastSequence()),
      renew_at_{first_.value + (last_.value - first_.value) / 2} {}

SequenceNumber SequenceLease::LastAllowed(SequenceNumber next, Server server) {
  if (keeper_ == nullptr) return last_;
  if (server == Server::kDoesNot) GiveUpResuming();
  if (keeper_ == nullptr || (!leased_ && server == Server::kUnknown)) return last_;
  if (leased_ && (next < renew_at_ || last_ == tag_.LastSequence())) return last_;

  const SequenceNumber wanted = {std::min(next.value + (kLength - 1), tag_.LastSequence().value)};
  trouble_ = keeper_->Lease(wanted);
  if (trouble_.ok()) {
    leased_ = true;
    last_ = wanted;
    renew_at_ = {next.value + kLength / 2};
    return last_;
  }
  GiveUpResuming();
  if (keeper_ == nullptr) return last_;
  // Whoever resumes may begin right after the older of the two leases. Later it may work again.
  if (!leased_) last_ = wanted;
  leased_ = true;
  renew_at_ = {next.value + (last_.value - std::min(next, last_).value) / 2 + 1};
  return last_;
}

void SequenceLease::GiveUpResuming() {
  if (!keeper_->Forget().ok()) return;
  keeper_ = nullptr;
  last_ = tag_.LastSequence();
}

}  // namespace mosh::client
