// Answers one control connection. docs/control.md is the protocol.
#ifndef SERVER_CONTROL_SERVE_CONTROL_H_
#define SERVER_CONTROL_SERVE_CONTROL_H_

#include <sys/types.h>

#include <memory>

#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/unix_socket.h"
#include "server/host_control.h"

namespace mosh::server {

// Whether a process of these credentials may control the sessions of `owner`: the owner and root.
bool MayControl(const io::PeerCredentials& peer, uid_t owner);

// Until the other side goes or `stop`. Whoever accepted the connection has checked with
// MayControl() who the other side is. `reactor` and `host` outlive it.
io::Task<void> ServeControl(io::Reactor* reactor, std::unique_ptr<io::UnixConnection> connection,
                            HostControl* host, io::StopToken stop);

}  // namespace mosh::server

#endif  // SERVER_CONTROL_SERVE_CONTROL_H_
