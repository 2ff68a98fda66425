#include "mgmt/agent/once.h"

#include "mgmt/agent/limits.h"

namespace mosh::mgmt {

grpc::Status Once::Note(Call* call, std::string resource, const std::string& why,
                        const std::string& request_id) {
  call->reason = why.substr(0, kMaxReasonBytes);
  call->resource = std::move(resource);
  if (why.size() > kMaxReasonBytes) {
    return InvalidField(reason::kInvalidArgument, "reason", "has more than 1,000 bytes");
  }
  if (request_id.size() > RequestIds::kMaxLength) {
    return InvalidField(reason::kInvalidArgument, "request_id", "has more than 64 characters");
  }
  return grpc::Status::OK;
}

}  // namespace mosh::mgmt
