#include "server/control/reply_status.h"

#include <string>

#include "absl/strings/string_view.h"

namespace mosh::server {

void SetStatus(const absl::Status& status, control::Reply* reply) {
  if (status.ok()) return;
  reply->mutable_error()->set_code(static_cast<int>(status.code()));
  reply->mutable_error()->set_message(std::string(status.message()));
}

absl::Status StatusOf(const control::Reply& reply) {
  if (!reply.has_error()) return absl::OkStatus();
  const int code = reply.error().code();
  const bool canonical = code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  return absl::Status(canonical ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                      reply.error().message());
}

}  // namespace mosh::server
