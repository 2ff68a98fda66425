// How a grpc::Server knows who calls.
#ifndef MGMT_AGENT_IDENTITY_H_
#define MGMT_AGENT_IDENTITY_H_

#include <functional>
#include <memory>

#include "grpcpp/server_context.h"
#include "mgmt/agent/caller.h"

namespace mosh::mgmt {

struct Identity {
  // Null: nobody that can be trusted.
  std::shared_ptr<const Caller> caller;
  // Whether that still holds. Null: for ever.
  std::function<bool()> still_known;
};

// Any thread.
using Identify = std::function<Identity(const grpc::ServerContextBase&)>;

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_IDENTITY_H_
