// What somebody hears whose control connection can't be served: one error, in the control socket's
// own words (server/control/control.proto), so that the program at the other end can say why.
#ifndef SERVER_GATE_REFUSAL_H_
#define SERVER_GATE_REFUSAL_H_

#include "absl/status/status.h"

namespace mosh::server::gate {

// Never waits. `connection` stays open.
void Refuse(int connection, const absl::Status& why);

// Refuses all connections that wait in a Host's end of its link, which takes no more from then on.
void RefuseWaiting(int link, const absl::Status& why);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_REFUSAL_H_
