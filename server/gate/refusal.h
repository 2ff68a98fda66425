// What somebody hears whose control connection can't be served: one error, in the control socket's
// own words (server/control/control.proto), so that the program at the other end can say why.
#ifndef SERVER_GATE_REFUSAL_H_
#define SERVER_GATE_REFUSAL_H_

#include <chrono>

#include "absl/status/status.h"

namespace mosh::server::gate {

// When its request is there, which is dropped: unread, it would take the answer with it when the
// connection is closed. Never waits.
void Refuse(int connection, const absl::Status& why);

// How long a request may be on its way.
inline constexpr std::chrono::milliseconds kRequestPatience{1000};

// Refuses all connections that wait in a Host's end of its link, which takes no more from then on.
// Waits for their requests.
void RefuseWaiting(int link, const absl::Status& why);

}  // namespace mosh::server::gate

#endif  // SERVER_GATE_REFUSAL_H_
