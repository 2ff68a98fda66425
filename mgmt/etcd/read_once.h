// One look at what etcd has under a prefix, for programs without a loop.
#ifndef MGMT_ETCD_READ_ONCE_H_
#define MGMT_ETCD_READ_ONCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/security/credentials.h"
#include "mgmt/etcd/etcd.h"

namespace mosh::mgmt::etcd {

// Asks the members one after another, each for its part of `timeout`. Errors as Etcd's, with every
// member's own in the message.
absl::StatusOr<Snapshot> ReadOnce(const std::vector<std::string>& endpoints,
                                  const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                  const std::string& prefix, absl::Duration timeout);

}  // namespace mosh::mgmt::etcd

#endif  // MGMT_ETCD_READ_ONCE_H_
