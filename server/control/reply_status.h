// A status in a reply: absent error is OK, else a canonical code and a message.
#ifndef SERVER_CONTROL_REPLY_STATUS_H_
#define SERVER_CONTROL_REPLY_STATUS_H_

#include "absl/status/status.h"
#include "server/control/control.pb.h"

namespace mosh::server {

void SetStatus(const absl::Status& status, control::Reply* reply);
// A code that isn't canonical becomes kUnknown.
absl::Status StatusOf(const control::Reply& reply);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_REPLY_STATUS_H_
